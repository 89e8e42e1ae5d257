package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderInputs;
import java.util.Arrays;

/** Converts batches of texts to network inputs. */
public final class TextInputs {

  private TextInputs() {}

  /** Converts a batch; token types are clamped to the largest that the model has. */
  public static EncoderInputs of(Encoder encoder, TextBatch batch) {
    int last = Math.max(0, encoder.tokenTypes() - 1);
    long[] types = Arrays.stream(batch.typeIds()).map(type -> Math.min(last, type)).toArray();
    return new EncoderInputs(
        batch.inputIds(),
        batch.attentionMask(),
        types,
        batch.labels(),
        batch.rows(),
        batch.length());
  }
}
