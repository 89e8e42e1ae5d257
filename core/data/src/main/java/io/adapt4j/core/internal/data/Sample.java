package io.adapt4j.core.internal.data;

import java.security.MessageDigest;
import java.util.List;

/** Encoded form of a training example. */
public interface Sample {

  /** {@return the number of tokens in its longest sequence} */
  int length();

  /** {@return the number of tokens in all its sequences} */
  default long tokens() {
    return length();
  }

  /** {@return the numbers of tokens of its sequences} */
  default List<Integer> lengths() {
    return List.of(length());
  }

  /** {@return the number of loss terms} */
  int targets();

  /** {@return the number of sequences that are counted in the encoding report} */
  default int sequences() {
    return 1;
  }

  /** Adds the sample to a digest that identifies the data. */
  void digest(MessageDigest digest, double weight);
}
