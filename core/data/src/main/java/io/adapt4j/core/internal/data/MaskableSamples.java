package io.adapt4j.core.internal.data;

import java.util.List;

/** Training samples whose rows can be masked. */
public interface MaskableSamples {

  /** {@return the number of samples} */
  int size();

  /** {@return the row of a sample} */
  int row(int sample);

  /** Returns the numbers of tokens of a sample's sequences. */
  List<Integer> lengths(int sample);

  /** {@return a sample} */
  Sample get(int sample);

  /** {@return the weight of a sample in the loss} */
  double weight(int sample);

  /** Returns a sample as it is when its row is masked. */
  Sample masked(int sample);

  /** {@return the weight in the loss of a sample whose row is masked} */
  double maskedWeight(int sample);
}
