package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.WeightSizes;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.Int8Matrix;
import io.adapt4j.kernels.internal.packed.Installation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Mechanics of keeping a network's linear layers in 4 or 8 bits.
 *
 * @param all whether layers whose weights decoding reads directly are quantized too
 */
record QuantizedWeights(Quantization quantization, boolean all) implements WeightMechanics {

  @Override
  public String description() {
    return quantization.description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources sources = new PlainSources(quantization.modules(), declared, checkpoint);
    List<LinearSlot> slots = declared.layerLinears();
    Set<String> plain =
        slots.stream()
            .filter(slot -> slot.isReadDirectly() && !all)
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::path)
            .collect(Collectors.toSet());
    if (quantization.isInt8()) {
      Int8Matrix.requireLibrary();
      Installation.install(
          slots,
          (part, weight, in) ->
              sources
                  .find(part, weight, in)
                  .filter(source -> !plain.contains(part.path()))
                  .map(source -> new Int8Part(part, in, source)),
          Int8Linear::new);
    } else {
      FourBitFormat format = quantization.format();
      Installation.install(
          slots,
          (part, weight, in) ->
              sources
                  .find(part, weight, in)
                  .filter(source -> !plain.contains(part.path()))
                  .map(source -> new FourBitPart(part, in, new PlainFourBitSource(source, format))),
          FourBitLinear::new);
    }
    if (quantization.hasOutputLayer() && declared instanceof Decoder decoder) {
      Int8Matrix.requireLibrary();
      decoder.headSlot().roundInSteps();
    }
    sources.requireUsed();
  }

  @Override
  public WeightSizes packing() {
    SkippedModules skipped = quantization.modules();
    return (part, in) ->
        skipped.contains(part.path())
            ? Optional.empty()
            : Optional.of(quantization.bytes(part.width(), in));
  }
}
