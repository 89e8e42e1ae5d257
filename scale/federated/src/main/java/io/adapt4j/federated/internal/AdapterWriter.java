package io.adapt4j.federated.internal;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Collects the tensors of a LoRA adapter and writes it as a PEFT folder, in fp32. */
public final class AdapterWriter {

  private record Module(int rank, double scale) {}

  private final List<TensorData> tensors = new ArrayList<>();
  private final Map<String, Module> modules = new LinkedHashMap<>();

  /** Starts an adapter without tensors. */
  public AdapterWriter() {}

  /** Adds the matrices of a module. */
  public void factors(String module, LowRank factors, double scale) {
    modules.put(module, new Module(factors.rank(), scale));
    tensor(StoredAdapter.nameOfA(module), factors.a().toFloats(), factors.a().sizes());
    tensor(StoredAdapter.nameOfB(module), factors.b().toFloats(), factors.b().sizes());
  }

  /** Adds a tensor of another kind. */
  public void tensor(String name, Tensor values) {
    tensor(name, values.toFloats(), values.sizes());
  }

  private void tensor(String name, float[] values, long[] sizes) {
    tensors.add(
        TensorData.of(
            name, StoredType.F32, Arrays.stream(sizes).boxed().toList(), () -> bytes(values)));
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  public void write(Path folder, ObjectNode model) {
    try {
      Disk.createFolders(folder);
      SafetensorsWriter.create().writeFile(folder.resolve(StoredAdapter.WEIGHTS), tensors);
      Files.writeString(folder.resolve(StoredAdapter.CONFIG), Json.indented(config(model)));
    } catch (IOException e) {
      throw new CheckpointException(
          folder + ": writing the adapter failed: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }

  private ObjectNode config(ObjectNode model) {
    ObjectNode config = model.deepCopy();
    boolean stabilized = config.path("use_rslora").asBoolean();
    Module first = modules.values().iterator().next();
    config.put("r", first.rank());
    number(config, "lora_alpha", alpha(first, stabilized));
    ObjectNode ranks = JsonNodeFactory.instance.objectNode();
    ObjectNode alphas = JsonNodeFactory.instance.objectNode();
    Set<Module> kinds = Set.copyOf(modules.values());
    if (kinds.size() > 1) {
      modules.forEach(
          (name, module) -> {
            String path = StoredAdapter.path(name).replace(".", "\\.");
            ranks.put(path, module.rank());
            number(alphas, path, alpha(module, stabilized));
          });
    }
    config.set("rank_pattern", ranks);
    config.set("alpha_pattern", alphas);
    return config;
  }

  private static double alpha(Module module, boolean stabilized) {
    return module.scale() * (stabilized ? Math.sqrt(module.rank()) : module.rank());
  }

  /** Writes whole numbers without a decimal point, like PEFT's integer fields. */
  private static void number(ObjectNode node, String key, double value) {
    double whole = Math.rint(value);
    if (Math.abs(value - whole) < 1e-9 * Math.max(1, whole) && whole < Integer.MAX_VALUE) {
      node.put(key, (int) whole);
    } else {
      node.put(key, value);
    }
  }
}
