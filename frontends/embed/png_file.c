/* SPDX-License-Identifier: MIT */
#include "frontends/embed/png_file.h"

#include "config.h"

#if LATHE_HAVE_PNG
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/out_file.h"

/* How often each column and line is written. Pixels of odd shapes (5:6) stay square: only whole ratios are
 * worth repeating. */
static void repeats(const struct lathe_frame *frame, unsigned *across, unsigned *down)
{
    *across = frame->aspect_x >= 2 * frame->aspect_y ? frame->aspect_x / frame->aspect_y : 1;
    *down = frame->aspect_y >= 2 * frame->aspect_x ? frame->aspect_y / frame->aspect_x : 1;
}

static uint8_t *expand_row(const struct lathe_frame *frame, unsigned y, unsigned across, uint8_t *row)
{
    const uint32_t *pixel = frame->pixels + (size_t)y * frame->width;
    uint8_t *out = row;
    for (unsigned x = 0; x < frame->width; x++) {
        for (unsigned i = 0; i < across; i++) {
            *out++ = (uint8_t)(pixel[x] >> 24);
            *out++ = (uint8_t)(pixel[x] >> 16);
            *out++ = (uint8_t)(pixel[x] >> 8);
        }
    }
    return row;
}

static void write_rows(png_structp png, const struct lathe_frame *frame, unsigned across, unsigned down,
                       uint8_t *row)
{
    for (unsigned y = 0; y < frame->height; y++) {
        expand_row(frame, y, across, row);
        for (unsigned i = 0; i < down; i++)
            png_write_row(png, row);
    }
    png_write_end(png, NULL);
}

/* What went wrong is in errno; libpng's own words would be a second line. */
static void on_error(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* libpng reports errors by longjmp: nothing that must be freed lives in this function. */
static bool write_picture(png_structp png, png_infop info, FILE *file, const struct lathe_frame *frame,
                          uint8_t *row)
{
    unsigned across, down;
    repeats(frame, &across, &down);
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_init_io(png, file);
    png_set_IHDR(png, info, frame->width * across, frame->height * down, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    write_rows(png, frame, across, down, row);
    return true;
}

bool png_write(const char *path, const struct lathe_frame *frame, struct error *err)
{
    struct out_file out;
    if (!out_file_begin(&out, path, err))
        return error_prefix(err, "screenshot ");
    unsigned across, down;
    repeats(frame, &across, &down);
    uint8_t *row = alloc_array((size_t)frame->width * across, 3);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool good = info && write_picture(png, info, out.file, frame, row);
    png_destroy_write_struct(&png, &info);
    alloc_free(row);
    return out_file_end(&out, good, err) || error_prefix(err, "screenshot ");
}

#else
#include "core/base/error.h"

bool png_write(const char *path, const struct lathe_frame *frame, struct error *err)
{
    (void)frame;
    return error_set(err, "screenshot '%s': this build of Lathe has no libpng", path);
}
#endif
