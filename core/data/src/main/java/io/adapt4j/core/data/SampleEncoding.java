package io.adapt4j.core.data;

/**
 * Encoding of rows to samples in a training: template, length limit and trained tokens. {@code
 * FineTuner.checkData} passes the encoding of its run to a data check.
 */
public interface SampleEncoding {

  /**
   * Returns the length limit.
   *
   * @return maximum number of tokens in a sample
   */
  int maxLength();
}
