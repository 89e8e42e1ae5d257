package io.adapt4j.qlora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.weights.StoredWeightFormat;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;

/** Recognizes 4-bit checkpoints of bitsandbytes; found by {@link java.util.ServiceLoader}. */
class FourBitCheckpoints implements StoredWeightFormat {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends FourBitCheckpoints {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted) {
    if (!QuantizationConfig.isFourBit(config)) {
      return Optional.empty();
    }
    if (wanted == WeightFormat.asStored()) {
      return Optional.of(new StoredFourBit(Optional.empty()));
    }
    if (wanted instanceof Quantization quantization
        && !quantization.isInt8()
        && quantization.skipped().isEmpty()) {
      return Optional.of(new StoredFourBit(Optional.of(quantization.format())));
    }
    throw config.invalid(
        FIELD,
        "plain weights, to be held as " + wanted.description(),
        "Load the checkpoint as it is stored, without a format, or give the original one.");
  }

  @Override
  public Optional<WeightMechanics> mechanics(WeightFormat format) {
    return format instanceof Quantization quantization
        ? Optional.of(new QuantizedWeights(quantization, false))
        : Optional.empty();
  }
}
