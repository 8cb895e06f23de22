/* SPDX-License-Identifier: MIT */
/* Processors by name and property, and what a limit of CPUID leaves does. */
#include <string.h>

#include "core/base/error.h"
#include "core/x86/cpu_choice.h"
#include "core/x86/cpuid.h"
#include "core/x86/model.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

START_TEST(names_and_properties)
{
    struct cpu_choice choice;
    ck_assert(cpu_choice_parse(NULL, &choice, NULL));
    ck_assert_ptr_eq(choice.model, cpu_model_default());
    ck_assert(cpu_choice_parse("pentium3", &choice, NULL));
    ck_assert_str_eq(choice.model->name, "pentium3");
    ck_assert_uint_eq(choice.cpuid_limit, 0);
    ck_assert(cpu_choice_parse("core2,cpuid_limit=2", &choice, NULL));
    ck_assert_str_eq(choice.model->name, "core2");
    ck_assert_uint_eq(choice.cpuid_limit, 2);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "no processor model ''"},
        {"z80", "'z80'"},
        {"pentium33333333333333333333333333333333", "pentium333"},
        {"pentium3,", "cpuid_limit=N"},
        {"pentium3,turbo=1", "turbo=1"},
        {"pentium3,cpuid_limit=", "''"},
        {"pentium3,cpuid_limit=-1", "'-1'"},
        {"pentium3,cpuid_limit= 2", "' 2'"},
        {"pentium3,cpuid_limit=0", "from 1 to 255"},
        {"pentium3,cpuid_limit=256", "from 1 to 255"},
        {"pentium3,cpuid_limit=2x", "'2x'"},
        {"386,cpuid_limit=2", "no CPUID"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cpu_choice choice;
        struct error err = {{0}};
        ck_assert_msg(!cpu_choice_parse(cases[i].text, &choice, &err), "'%s' was taken", cases[i].text);
        ck_assert_msg(strstr(err.text, cases[i].said) != NULL, "'%s' gives: %s", cases[i].text, err.text);
    }
}
END_TEST

START_TEST(a_limit_hides_leaves)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, "core2,cpuid_limit=2");
    struct cpuid_result first = cpuid_read(f.cpu, 0, 0), second = cpuid_read(f.cpu, 2, 0);
    struct cpuid_result beyond = cpuid_read(f.cpu, 4, 0);
    ck_assert_uint_eq(first.eax, 2);
    ck_assert_mem_eq(&second, &beyond, sizeof second);
    ck_assert_uint_eq(cpuid_read(f.cpu, 0x80000000, 0).eax, f.cpu->model->max_extended_leaf);
    cpu_fixture_free(&f);
}
END_TEST

START_TEST(a_limit_raises_nothing)
{
    struct cpu_fixture f;
    cpu_fixture_init(&f, "pentium,cpuid_limit=9");
    ck_assert_uint_eq(cpuid_read(f.cpu, 0, 0).eax, 1);
    cpu_fixture_free(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {names_and_properties, mistakes_are_named, a_limit_hides_leaves,
                                  a_limit_raises_nothing};
    return suite_run("cpu choice", tests, sizeof tests / sizeof *tests);
}
