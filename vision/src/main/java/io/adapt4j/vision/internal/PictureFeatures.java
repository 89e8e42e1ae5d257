package io.adapt4j.vision.internal;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Features of pictures that take the places of their tokens in a prompt.
 *
 * @param rows [tokens of all pictures in order, width of the text model]
 * @param deeper what is added to these tokens after each of the first layers of the text model, in
 *     the same shape; empty in most families
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PictureFeatures(Tensor rows, List<Tensor> deeper, int[] perPicture) {

  /** Creates features of pictures or tiles that have the same number of tokens each. */
  public static PictureFeatures equal(Tensor rows, int[] tiles, int tokens) {
    return new PictureFeatures(
        rows, List.of(), Arrays.stream(tiles).map(each -> each * tokens).toArray());
  }
}
