package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;

/** Keeps the experts of an MXFP4 checkpoint quantized as stored. */
enum MxFourBitWeights implements WeightMechanics {
  INSTANCE;

  /** Detects MXFP4 checkpoints; found by {@link java.util.ServiceLoader}. */
  public static final class Service implements StoredWeightFormat {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}

    @Override
    public Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted) {
      boolean isOwn =
          config
              .child(FIELD)
              .filter(
                  fields -> fields.optionalText("quant_method").orElse("").equals(MxFourBit.METHOD))
              .isPresent();
      if (!isOwn) {
        return Optional.empty();
      }
      // Another format is created from the dequantized weights.
      return Optional.of(wanted == WeightFormat.asStored() ? INSTANCE : WeightMechanics.of(wanted));
    }

    @Override
    public Optional<WeightMechanics> mechanics(WeightFormat format) {
      return Optional.empty();
    }
  }

  @Override
  public String description() {
    return "MXFP4 as stored";
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    MxLayers.Maker layers = MxLayers.installed();
    for (LinearSlot slot : declared.layerLinears()) {
      if (slot.linear() instanceof DenseLinear dense && isFourBit(declared, dense, checkpoint)) {
        slot.replace(plain -> layers.make(dense, stored(declared, dense, checkpoint)));
      }
    }
  }

  private static String stored(Network declared, DenseLinear dense, Checkpoint checkpoint) {
    return declared.storedNames().find(dense.weight().slices().get(0).name(), checkpoint.names());
  }

  private static boolean isFourBit(Network declared, DenseLinear dense, Checkpoint checkpoint) {
    String name = stored(declared, dense, checkpoint);
    return dense.parts().size() == 1
        && checkpoint.names().contains(name)
        && checkpoint
            .file(name, SplitTensors.class)
            .filter(file -> file.isFourBit(name))
            .isPresent();
  }
}
