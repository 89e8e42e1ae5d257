package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.lora.internal.miss.MissUpdates;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import io.adapt4j.lora.internal.projection.ProjectionLayerMerge;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a MiSS adapter as the LoRA adapter that computes the same. */
final class ConvertedToLora {

  private ConvertedToLora() {}

  static void write(Path adapter, Path base, Path output) {
    ProjectionAdapterMechanics miss = ProjectionAdapterMechanics.at(MissUpdates.KIND, adapter);
    ModelConfig model = ModelConfig.read(base);
    try (Network network = Architectures.declare(miss.modelConfig(model).orElse(model));
        ProjectionLayerMerge merge = miss.layerMerge(network);
        Checkpoint file = PeftFolder.openWeights(adapter)) {
      int rank = miss.config().integer("r");
      AdapterConfig config =
          AdapterConfig.ofRank(rank)
              .with(
                  draft -> {
                    draft.alpha = rank;
                    draft.modules = miss.config().modules();
                    draft.modulesToSave = miss.config().modulesToSave();
                  });
      List<TensorData> tensors = new ArrayList<>();
      for (String path : merge.paths()) {
        LayerMerge.Product product = merge.product(path);
        tensors.add(matrix(PeftNames.a(path), rank, product.a()));
        tensors.add(matrix(PeftNames.b(path), product.b().length / rank, product.b()));
      }
      merge.own().values().forEach(stored -> tensors.add(copy(file, stored.name())));
      LoraFolder.write(
          output,
          config,
          AdapterPlan.of(config, network),
          SingleFileModels.origin(base).toString(),
          tensors);
    }
  }

  private static TensorData matrix(String name, long rows, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return TensorData.of(name, StoredType.F32, List.of(rows, values.length / rows), () -> bytes);
  }

  private static TensorData copy(Checkpoint file, String name) {
    TensorEntry entry = file.entry(name);
    return TensorData.of(name, entry.type(), entry.shape(), () -> file.bytes(name));
  }
}
