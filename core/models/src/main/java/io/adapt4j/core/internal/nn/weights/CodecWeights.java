package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.method.WeightFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Holds the linear layers of a network encoded by a user-defined codec. */
record CodecWeights(WeightFormat.Custom format) implements WeightMechanics {

  @Override
  public String description() {
    return format.description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    for (LinearSlot slot : declared.layerLinears()) {
      if (slot.linear() instanceof DenseLinear dense) {
        List<CodecPart> parts = parts(dense, declared.storedNames(), checkpoint);
        // If a weight is missing or has a wrong shape, the layer stays plain, so that all such
        // weights are reported together.
        if (parts.size() == dense.parts().size()) {
          slot.replace(plain -> new CodecLinear(dense, parts));
        }
      }
    }
  }

  private List<CodecPart> parts(DenseLinear dense, StoredNames names, Checkpoint checkpoint) {
    List<CodecPart> parts = new ArrayList<>();
    for (int i = 0; i < dense.parts().size(); i++) {
      CodecPart.of(
              format.codec(),
              dense.parts().get(i),
              dense.inFeatures(),
              dense.weight().slices().get(i),
              names,
              checkpoint)
          .ifPresent(parts::add);
    }
    return parts;
  }

  @Override
  public WeightSizes packing() {
    return (part, in) ->
        Optional.of(new QuantizedSize(part.width() * CodecPart.rowBytes(format.codec(), in), 0, 0));
  }
}
