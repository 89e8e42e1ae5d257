package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.BatchPictures;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;

/** Tensors and positions of a batch, [rows, length]. */
public final class BatchTensors {

  private BatchTensors() {}

  public static Tensor ids(Batch batch) {
    return Tensor.of(BatchPictures.withTokens(batch.ids()), batch.rows(), batch.length());
  }

  public static Tensor types(Batch batch) {
    return types(batch, Integer.MAX_VALUE);
  }

  /** Returns the token types, at most the largest that the encoder has. */
  public static Tensor types(Encoder encoder, Batch batch) {
    return types(batch, Math.max(0, encoder.tokenTypes() - 1));
  }

  private static Tensor types(Batch batch, int last) {
    long[] types =
        batch.typeIds().length == 0
            ? new long[batch.ids().length]
            : Arrays.stream(batch.typeIds()).map(type -> Math.min(last, type)).toArray();
    return Tensor.of(types, batch.rows(), batch.length());
  }

  /** Returns the positions of a padded or packed batch. */
  public static Positions positions(Decoder decoder, Batch batch) {
    if (BatchPictures.areIn(batch.ids())) {
      return decoder.positions(batch);
    }
    return batch.documents().length == 0
        ? decoder.positions(batch.attentionMask(), batch.rows(), batch.length())
        : decoder.packedPositions(batch.documents(), batch.length());
  }

  /** Returns the positions of a padded batch. */
  public static Positions positions(Encoder encoder, Batch batch) {
    return encoder.positions(batch.ids(), batch.attentionMask(), batch.rows(), batch.length());
  }
}
