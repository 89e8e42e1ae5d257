package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.BatchPictures;
import io.adapt4j.core.internal.nn.picture.PictureRule;
import io.adapt4j.core.internal.nn.picture.PictureRule.Sight;
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
      return pictured(decoder, batch);
    }
    return batch.documents().length == 0
        ? decoder.positions(batch.attentionMask(), batch.rows(), batch.length())
        : decoder.packedPositions(batch.documents(), batch.length());
  }

  /** Returns the positions of a padded batch. */
  public static Positions positions(Encoder encoder, Batch batch) {
    return encoder.positions(batch.ids(), batch.attentionMask(), batch.rows(), batch.length());
  }

  /** Creates the positions of a batch with pictures. */
  private static Positions pictured(Decoder decoder, Batch batch) {
    PictureRule rule = decoder.pictures().rule();
    if (batch.documents().length > 0 && (rule.hasAxes() || rule.sight() != Sight.CAUSAL)) {
      throw new IllegalArgumentException(
          "batching: texts with pictures of a "
              + decoder.modelConfig().modelType()
              + " cannot be packed; train with padded batches");
    }
    BatchPictures found =
        BatchPictures.of(
            decoder
                .pictureEncoder()
                .orElseThrow(() -> new IllegalStateException("The model has no image tower")),
            rule,
            batch.ids(),
            prompts(batch));
    Positions positions =
        batch.documents().length > 0
            ? decoder.packedPositions(batch.documents(), batch.length())
            : decoder
                .body()
                .placement()
                .pictured(
                    batch.attentionMask(),
                    batch.rows(),
                    batch.length(),
                    found.rows(),
                    decoder.type());
    return positions.with(found);
  }

  /** Counts each row's tokens before the first target; all tokens if it has none. */
  private static int[] prompts(Batch batch) {
    int[] prompts = new int[batch.rows()];
    for (int row = 0; row < prompts.length; row++) {
      int start = row * batch.length();
      int at = 0;
      while (at < batch.length()
          && batch.attentionMask()[start + at] != 0
          && (batch.labels().length == 0 || batch.labels()[start + at] == Batch.IGNORED)) {
        at++;
      }
      prompts[row] = at;
    }
    return prompts;
  }
}
