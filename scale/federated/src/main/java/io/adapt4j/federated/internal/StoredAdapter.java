package io.adapt4j.federated.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A LoRA adapter in a PEFT folder, open for reading. Module names are those of its tensors without
 * the suffix.
 */
public final class StoredAdapter implements AutoCloseable {

  /** File name of an adapter's configuration. */
  public static final String CONFIG = "adapter_config.json";

  /** File name of an adapter's weights. */
  public static final String WEIGHTS = "adapter_model.safetensors";

  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String ROOT = "base_model.model.";

  private final ObjectNode config;
  private final Checkpoint file;
  private final Set<String> modules = new TreeSet<>();
  private final Set<String> others = new TreeSet<>();

  private StoredAdapter(ObjectNode config, Checkpoint file) {
    this.config = config;
    this.file = file;
    for (String name : file.names()) {
      if (name.endsWith(A)) {
        modules.add(name.substring(0, name.length() - A.length()));
      } else if (!name.endsWith(B)) {
        others.add(name);
      }
    }
  }

  public static StoredAdapter open(Path folder) {
    ObjectNode config = ConfigReader.read(folder.resolve(CONFIG)).json();
    return new StoredAdapter(config, Checkpoint.openFile(folder.resolve(WEIGHTS)));
  }

  static String nameOfA(String module) {
    return module + A;
  }

  static String nameOfB(String module) {
    return module + B;
  }

  /** Returns the path of a module in the model. */
  static String path(String module) {
    return module.startsWith(ROOT) ? module.substring(ROOT.length()) : module;
  }

  /** {@return a copy of the configuration} */
  public ObjectNode config() {
    return config.deepCopy();
  }

  /** {@return the adapted modules, in a fixed order} */
  public Set<String> modules() {
    return modules;
  }

  /**
   * {@return the names of tensors other than A and B matrices: biases and fully trained modules}
   */
  public Set<String> others() {
    return others;
  }

  public int rank(String module) {
    return Math.toIntExact(file.entry(nameOfA(module)).shape().get(0));
  }

  /** Returns the scale of B A. */
  public double scale(String module) {
    double alpha = config.path("lora_alpha").asDouble(8);
    for (Map.Entry<String, JsonNode> pattern : config.path("alpha_pattern").properties()) {
      if (Pattern.matches("(?:.*\\.)?(?:" + pattern.getKey() + ")", path(module))) {
        alpha = pattern.getValue().asDouble();
        break;
      }
    }
    int rank = rank(module);
    return alpha / (config.path("use_rslora").asBoolean() ? Math.sqrt(rank) : rank);
  }

  /** Reads the matrices of a module, unscaled. */
  public LowRank factors(String module) {
    return new LowRank(tensor(nameOfB(module)), tensor(nameOfA(module)));
  }

  public Tensor tensor(String name) {
    long[] sizes = file.entry(name).shape().stream().mapToLong(Long::longValue).toArray();
    Tensor values = Tensor.empty(DType.F64, sizes);
    Weights.fill(values, file, name);
    return values;
  }

  /** Compares the modules with those of another adapter, which should be the same. */
  public List<String> differences(StoredAdapter start) {
    List<String> differences = new ArrayList<>();
    for (String name : start.file.names()) {
      List<Long> wanted = start.file.entry(name).shape();
      if (!file.names().contains(name)) {
        differences.add(name + " is missing");
      } else if (!file.entry(name).shape().equals(wanted)) {
        differences.add(name + " is " + file.entry(name).shape() + " instead of " + wanted);
      }
    }
    file.names().stream()
        .filter(name -> !start.file.names().contains(name))
        .forEach(name -> differences.add(name + " is new"));
    return differences;
  }

  /** {@return the names of all tensors} */
  public Set<String> names() {
    return new TreeSet<>(file.names());
  }

  @Override
  public void close() {
    file.close();
  }
}
