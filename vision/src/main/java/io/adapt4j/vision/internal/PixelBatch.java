package io.adapt4j.vision.internal;

import java.util.List;

/**
 * Normalized pixels of several pictures, in the form that a family's tower takes.
 *
 * @param shape [tiles, channels, height, width], or [patches, values of a patch] for towers that
 *     take patches of pictures in their own size; towers with padded rows of patches take
 *     [pictures, patches, values]
 * @param grids patches of each picture or tile: frames, rows, columns; empty where all have the
 *     same size. In LLaVA-NeXT and LLaVA-OneVision 1, height and width of each picture in pixels
 * @param perPicture entries of the first dimension that belong to each picture
 * @param mask 1 on pixels or patches, 0 on padding, in the layout of the processor's mask; empty
 *     where nothing is padded
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PixelBatch(
    float[] values, List<Integer> shape, int[][] grids, int[] perPicture, byte[] mask) {}
