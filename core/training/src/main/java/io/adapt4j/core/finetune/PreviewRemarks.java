package io.adapt4j.core.finetune;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.data.TrainingSample;
import java.util.ArrayList;
import java.util.List;

/** Remarks on an encoded row. */
final class PreviewRemarks {

  private PreviewRemarks() {}

  static List<String> of(
      Example example, EncodedRow<TrainingSample> encoded, ExampleEncoder encoder) {
    if (!encoded.fate().isKept()) {
      return List.of(leftOut(encoder.tokens(example), encoded.fate(), encoder.maxLength()));
    }
    List<String> remarks = new ArrayList<>();
    if (encoded.fate() == RowFate.TRUNCATED) {
      remarks.add("cut to " + encoder.maxLength() + " tokens");
    }
    List<TrainingSample> samples = encoded.samples();
    if (samples.get(0).beginsTwice(encoder.tokenizer().bosId())) {
      remarks.add("begins with bos twice: the text has it too");
    }
    if (!encoder.endsTrained(samples.get(samples.size() - 1))) {
      remarks.add("no trained token ends it: the model will not learn to stop");
    }
    return remarks;
  }

  private static String leftOut(int tokens, RowFate fate, int maxLength) {
    return "left out: "
        + tokens
        + " tokens, limit "
        + maxLength
        + (fate == RowFate.NOTHING_TO_LEARN ? ", and nothing to learn within it" : "");
  }
}
