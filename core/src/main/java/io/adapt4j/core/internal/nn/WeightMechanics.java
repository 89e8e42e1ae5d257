package io.adapt4j.core.internal.nn;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * How the weights of a base model's linear layers are held in memory. The decoder does not know:
 * another format puts {@link QuantizedLinear}s into the places of a declared network, and these
 * read their own weights.
 */
public interface WeightMechanics extends WeightFormat {

  /** Finds how a format holds weights. */
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
   * Puts the layers of this format into a declared network. Reads no weight, but finds everything
   * about them that can be known without.
   */
  void install(Network declared, Checkpoint checkpoint);

  /**
   * Tells what weights of this format take, where no checkpoint is at hand that says more.
   *
   * @return the bytes of each projection's weight; none are packed where the format does not say
   */
  default WeightSizes packing() {
    return WeightSizes.NONE;
  }
}
