-- SPDX-License-Identifier: MIT
-- A table with an index, filled, joined, grouped, changed and searched; all in memory.
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, amount REAL, note TEXT);
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO customers SELECT i, printf('customer %04x', i * 7919 % 65536) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
  INSERT INTO orders SELECT i, 1 + i * 7919 % 500, (i * 104729 % 100000) / 100.0, printf('order %d of %x', i, i * 31) FROM n;
CREATE INDEX by_customer ON orders(customer, amount);
SELECT count(*), round(sum(amount), 2) FROM orders;
SELECT name, count(*) AS orders, round(sum(amount), 2) AS total FROM customers
  JOIN orders ON orders.customer = customers.id GROUP BY customers.id ORDER BY total DESC, name LIMIT 5;
UPDATE orders SET amount = amount * 1.05 WHERE note LIKE '%ff%';
DELETE FROM orders WHERE id % 7 = 0;
SELECT round(max(amount), 2), round(avg(amount), 4), min(note), count(DISTINCT substr(note, 7, 2)) FROM orders;
SELECT count(*) FROM orders a JOIN orders b ON a.customer = b.customer AND a.amount < b.amount;
