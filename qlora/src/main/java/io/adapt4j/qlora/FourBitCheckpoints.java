package io.adapt4j.qlora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.StoredWeightFormat;
import io.adapt4j.core.internal.nn.WeightFormat;
import java.util.Optional;

/** Recognises 4-bit checkpoints of bitsandbytes; found by {@link java.util.ServiceLoader}. */
public final class FourBitCheckpoints implements StoredWeightFormat {

  /** Makes the service. */
  public FourBitCheckpoints() {}

  @Override
  public Optional<WeightFormat> find(ConfigReader config, WeightFormat wanted) {
    if (!QuantizationConfig.isFourBit(config)) {
      return Optional.empty();
    }
    if (wanted == WeightFormat.asStored()) {
      return Optional.of(new StoredFourBit(Optional.empty()));
    }
    if (wanted instanceof Quantization quantization) {
      return Optional.of(new StoredFourBit(Optional.of(quantization.format())));
    }
    if (wanted instanceof QuantiseOptions options && options.skipped().isEmpty()) {
      return Optional.of(new StoredFourBit(Optional.of(options.quantization().format())));
    }
    throw config.invalid(
        FIELD,
        "plain weights, to be held as " + wanted.description(),
        "Load the checkpoint as it is stored, without a format, or give the original one.");
  }
}
