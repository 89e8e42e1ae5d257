package io.adapt4j.core.data;

/**
 * How a training turns rows into samples: template, length limit and what is learned. {@link
 * io.adapt4j.core.FineTuner#checkData} gives the one of its run to a check of data.
 */
public interface SampleEncoding {

  /**
   * Returns the length limit.
   *
   * @return tokens of the longest sample
   */
  int maxLength();
}
