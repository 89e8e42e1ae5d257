package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Storage of the linear layers' weights in memory. The decoder does not depend on it: a format puts
 * {@link QuantizedLinear}s into the slots of a declared network, which read their own weights.
 */
public interface WeightMechanics extends WeightFormat {

  static WeightMechanics of(WeightFormat format) {
    if (format == WeightFormat.asStored()) {
      return AsStored.INSTANCE;
    }
    if (format instanceof WeightMechanics own) {
      return own;
    }
    if (format instanceof WeightFormat.Int8Activations rounded) {
      return new RoundedActivations(of(rounded.weights()));
    }
    if (format instanceof WeightFormat.Custom custom) {
      return new CodecWeights(custom);
    }
    for (StoredWeightFormat storedWeightFormat : ServiceLoader.load(StoredWeightFormat.class)) {
      Optional<WeightMechanics> found = storedWeightFormat.mechanics(format);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new CheckpointException(
        "weights: expected a format that a module on the class path brings, found "
            + format.getClass().getName()
            + " ("
            + format.description()
            + "). Add the module that it comes from: adapt4j-qlora for 4 bits. A jar that unites"
            + " modules has to unite their META-INF/services too.");
  }

  /**
   * Puts the layers of this format into a declared network. Reads no weights, but checks everything
   * that can be known without them.
   */
  void install(Network declared, Checkpoint checkpoint);

  /**
   * Returns the memory of weights in this format, for use without a checkpoint: the size of each
   * projection's weight; not quantized if the format does not provide sizes.
   */
  default WeightSizes packing() {
    return WeightSizes.NONE;
  }
}
