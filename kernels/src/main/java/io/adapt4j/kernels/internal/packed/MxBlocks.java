package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.MxLayers;
import io.adapt4j.kernels.internal.BlockMatrix;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps MXFP4 weights of checkpoints in the block layout of the C++ kernels. */
public final class MxBlocks implements MxLayers {

  /** Called by {@link java.util.ServiceLoader}. */
  public MxBlocks() {}

  @Override
  public Optional<Maker> open() {
    if (!BlockMatrix.isSupported()) {
      return Optional.empty();
    }
    Workspace workspace = new Workspace();
    return Optional.of((declared, storedName) -> layer(declared, storedName, workspace));
  }

  private static QuantizedLinear layer(
      DenseLinear declared, String storedName, Workspace workspace) {
    Linear.Part part = declared.parts().get(0);
    long in = declared.inFeatures();
    MxSource source =
        new MxSource(
            declared.weight().slices().get(0).name(), storedName, List.of(in, part.width()));
    return new BlockLinear(
        declared, Map.of(part.path(), new BlockPart(part, in, source)), workspace);
  }
}
