/* SPDX-License-Identifier: MIT */
/* Floating-point kernels; compiled twice, for the x87 (GROUP "x87") and for SSE2 (GROUP "sse"). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static uint32_t fold(double value)
{
    float narrow = (float)value; /* the same however wide the sums were */
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

enum { ORDER = 48 };

static uint32_t run_matrix(uint32_t count)
{
    static double a[ORDER][ORDER], b[ORDER][ORDER], c[ORDER][ORDER];
    double trace = 0;
    for (uint32_t i = 0; i < ORDER; i++) {
        for (uint32_t j = 0; j < ORDER; j++) {
            a[i][j] = 1.0 / (i + j + 1);
            b[i][j] = i == j ? 1.25 : 0.5 / (1 + i + j);
        }
    }
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < ORDER; i++) {
            for (uint32_t j = 0; j < ORDER; j++) {
                double sum = 0;
                for (uint32_t k = 0; k < ORDER; k++)
                    sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
        }
        a[round % ORDER][0] += 0.001;
    }
    for (uint32_t i = 0; i < ORDER; i++)
        trace += c[i][i];
    return fold(trace);
}

static uint32_t run_mandelbrot(uint32_t count)
{
    uint32_t inside = 0;
    for (uint32_t row = 0; row < count; row++) {
        double y0 = (row % 64) / 32.0 - 1.0;
        for (uint32_t column = 0; column < 64; column++) {
            double x0 = column / 24.0 - 2.0, x = 0, y = 0;
            uint32_t steps = 0;
            while (steps < 100 && x * x + y * y < 4.0) {
                double next = x * x - y * y + x0;
                y = 2 * x * y + y0;
                x = next;
                steps++;
            }
            inside += steps == 100;
        }
    }
    return inside;
}

#ifdef __SSE2_MATH__
/* The C library computes these in SSE registers where the processor has them. */
static double some_functions(double x)
{
    float f = (float)x;
    return sinf(f) + cosf(f) + expf(-f) + logf(f + 1) + powf(f + 1, 0.3f);
}
#else
static double some_functions(double x)
{
    return sin(x) + cos(x) + exp(-x) + log(x + 1) + pow(x + 1, 0.3) + atan2(x, 2);
}
#endif

/* Results may differ in the last bit between processors, so only their size counts. */
static uint32_t run_libm(uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count * 100; i++)
        sum += some_functions((i % 1000) * 0.01);
    return (uint32_t)(sum / (count * 100) * 1000 + 0.5);
}

static uint32_t run_print(uint32_t count)
{
    char text[64];
    uint32_t sum = 0;
    double value = 1.0 / 3;
    for (uint32_t i = 0; i < count * 10; i++) {
        int length = snprintf(text, sizeof text, "%.10f %g", value, value * 1e20);
        sum = sum * 31 + (uint32_t)length + (uint8_t)text[length - 1];
        value = value * 1.25;
        if (value > 1e9)
            value = 1.0 / (i + 3);
    }
    return sum;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"matrix", run_matrix}, {"mandelbrot", run_mandelbrot}, {"libm", run_libm}, {"print", run_print},
        {NULL, NULL},
    };
    return bench_main(argc, argv, GROUP, kernels);
}
