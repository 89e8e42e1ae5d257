package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;

/**
 * How the weights of a base model's linear layers are held in memory. The decoder does not know:
 * another format puts {@link PackedLinear}s into the places of a declared network, and these read
 * their own weights.
 */
public interface WeightFormat {

  /**
   * Holds weights as the checkpoint has them: plain ones in the compute type, quantised ones as
   * they are where a module on the class path can read them ({@link StoredWeightFormat}).
   *
   * @return the format that is used where none is named
   */
  static WeightFormat asStored() {
    return AsStored.INSTANCE;
  }

  /**
   * Describes the format for logs and errors, and tells it from others.
   *
   * @return a few words, such as {@code NF4 in blocks of 64 with double quantisation}
   */
  String description();

  /**
   * Puts the layers of this format into a declared network. Reads no weight, but finds everything
   * about them that can be known without.
   *
   * @param declared the network, without memory
   * @param checkpoint the weights that will be read
   * @throws io.adapt4j.core.exception.CheckpointException if the checkpoint's weights cannot be
   *     held so; the message names file, tensor and remedy
   * @throws IllegalArgumentException if the format does not fit the network, with every reason
   */
  void install(Network declared, Checkpoint checkpoint);

  /**
   * Tells what weights of this format take, where no checkpoint is at hand that says more.
   *
   * @return the bytes of each projection's weight; none are packed where the format does not say
   */
  default Packing packing() {
    return Packing.NONE;
  }
}
