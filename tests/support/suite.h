/* SPDX-License-Identifier: MIT */
/* Runs one list of Check tests and gives the exit status for main. */
#ifndef LATHE_TESTS_SUPPORT_SUITE_H
#define LATHE_TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* `loop`, which takes its number from _i, runs `loops` times before the others; NULL: there is none. */
static inline int suite_run_loop(const char *name, const TTest *loop, size_t loops, const TTest *const *tests,
                                 size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    if (loop)
        tcase_add_loop_test(tcase, loop, 0, (int)loops);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int suite_run(const char *name, const TTest *const *tests, size_t count)
{
    return suite_run_loop(name, NULL, 0, tests, count);
}

#endif
