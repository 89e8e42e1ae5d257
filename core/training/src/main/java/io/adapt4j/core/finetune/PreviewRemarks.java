package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.data.EncodedExample;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import java.util.ArrayList;
import java.util.List;

/** Remarks on an encoded row. */
final class PreviewRemarks {

  private PreviewRemarks() {}

  static List<String> of(EncodedExample encoded, ExampleEncoder encoder) {
    if (encoded instanceof EncodedExample.Dropped dropped) {
      return List.of(leftOut(dropped, encoder.maxLength()));
    }
    List<String> remarks = new ArrayList<>();
    if (encoded instanceof EncodedExample.Kept kept && kept.truncated()) {
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

  private static String leftOut(EncodedExample.Dropped dropped, int maxLength) {
    return "left out: "
        + dropped.tokens()
        + " tokens, limit "
        + maxLength
        + (dropped.reason() == EncodedExample.Reason.NOTHING_TO_LEARN
            ? ", and nothing to learn within it"
            : "");
  }
}
