package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.EnumMap;
import java.util.Map;

/** Checks of encoded samples. */
final class SampleChecks {

  private final ExampleEncoder encoder;
  private final Tokenizer tokenizer;

  SampleChecks(ExampleEncoder encoder) {
    this.encoder = encoder;
    this.tokenizer = encoder.tokenizer();
  }

  /** Returns whether an encoder accepts this kind of example. */
  static boolean takes(Example example) {
    return example instanceof Example.Text
        || example instanceof Example.PromptCompletion
        || example instanceof Example.Chat;
  }

  /** Returns the problems of an example's sample, after truncation to the limit. */
  Map<Check, String> of(Example example) {
    EncodedRow<TrainingSample> encoded = encoder.encode(example);
    Map<Check, String> found = new EnumMap<>(Check.class);
    if (!encoded.fate().isKept()) {
      if (encoded.fate() == RowFate.NOTHING_TO_LEARN) {
        int tokens = encoder.tokens(example);
        found.put(
            Check.NOTHING_TO_LEARN,
            String.format(
                "none of the first %d of %d tokens is to be learned",
                Math.min(encoder.maxLength(), tokens), tokens));
      }
      return found;
    }
    TrainingSample sample = encoded.sample();
    TrainingSample last = encoded.samples().get(encoded.samples().size() - 1);
    if (sample.beginsTwice(tokenizer.bosId())) {
      found.put(
          Check.DOUBLE_BOS,
          "the sample begins with '"
              + tokenizer.token(sample.ids()[0])
              + "' twice: the text has it too");
    }
    if (tokenizer.eosId().isPresent() && !encoder.endsTrained(last)) {
      found.put(
          Check.EOS_LOST,
          "the sample ends with '"
              + tokenizer.token(last.ids()[last.length() - 1])
              + "', not with a trained token that ends texts");
    }
    return found;
  }
}
