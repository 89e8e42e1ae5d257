package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Head that turns a text's hidden states into its vector: pooling, then modules with frozen
 * weights. Not thread safe.
 */
public final class VectorHead implements AutoCloseable {

  private final TextPooling pooling;
  private final List<VectorModule> after;
  private final int width;

  private VectorHead(TextPooling pooling, List<VectorModule> after, int hidden) {
    this.pooling = pooling;
    this.after = after;
    int last = pooling.width(hidden);
    for (VectorModule module : after) {
      last = module.width(last);
    }
    this.width = last;
  }

  /** Overrides of a folder's settings; empty fields keep the folder's setting. */
  public record Changes(
      Optional<Pooling> pooling, Optional<Boolean> normalize, OptionalInt dimension) {

    /** No overrides. */
    public static final Changes NONE =
        new Changes(Optional.empty(), Optional.empty(), OptionalInt.empty());
  }

  /** Declares the head of a folder: checks the weights of the modules without reading them. */
  public static VectorHead declare(int hidden, SentenceFolder folder, Changes changes) {
    TextPooling pooling =
        changes
            .pooling()
            .map(TextPooling::of)
            .or(() -> folder.pooling().map(path -> TextPooling.read(path, hidden)))
            .orElse(TextPooling.of(Pooling.MEAN));
    List<VectorModule> after =
        new ArrayList<>(modules(folder, pooling.width(hidden), changes.normalize()));
    changes.dimension().ifPresent(dimension -> cut(after, pooling.width(hidden), dimension));
    return new VectorHead(pooling, List.copyOf(after), hidden);
  }

  /** Adds truncation of the vectors, and normalizes them again if they were normalized. */
  private static void cut(List<VectorModule> modules, int pooled, int dimension) {
    int width = pooled;
    for (VectorModule module : modules) {
      width = module.width(width);
    }
    if (dimension > width) {
      throw new IllegalArgumentException(
          "dimension: expected at most %s, the width of the model's vectors, found %s"
              .formatted(width, dimension));
    }
    boolean normalizes = !modules.isEmpty() && isNormalize(modules.get(modules.size() - 1));
    modules.add(new VectorModule.FirstEntries(dimension));
    if (normalizes) {
      modules.add(new VectorModule.Normalize());
    }
  }

  private static List<VectorModule> modules(
      SentenceFolder folder, int input, Optional<Boolean> normalize) {
    List<VectorModule> modules = new ArrayList<>();
    int width = input;
    for (SentenceFolder.Module module : folder.after()) {
      if (module.kind() == SentenceFolder.Kind.DENSE) {
        modules.add(DenseModule.read(module.folder(), width));
      } else if (normalize.orElse(true)) {
        modules.add(new VectorModule.Normalize());
      }
      width = modules.isEmpty() ? width : modules.get(modules.size() - 1).width(width);
    }
    boolean normalizes = !modules.isEmpty() && isNormalize(modules.get(modules.size() - 1));
    if (!normalizes && normalize.orElse(!folder.hasModules())) {
      modules.add(new VectorModule.Normalize());
    }
    return List.copyOf(modules);
  }

  private static boolean isNormalize(VectorModule module) {
    return module instanceof VectorModule.Normalize;
  }

  /** Reads the weights of the modules. */
  public void load(DType type) {
    after.forEach(module -> module.load(type));
  }

  /**
   * Computes the vectors of a batch.
   *
   * @param hidden [B, T, hidden]
   * @param mask 1 on tokens that count and 0 on others, row-major [B, T]
   * @return [B, {@link #width}]
   */
  public Tensor forward(Ops ops, Tensor hidden, long[] mask) {
    Tensor x = pooling.pool(ops, hidden, mask);
    for (VectorModule module : after) {
      x = module.forward(ops, x);
    }
    return x;
  }

  /**
   * {@return whether the tokens of a prompt take part in pooling; false if the folder says {@code
   * include_prompt: false}}
   */
  public boolean includesPrompt() {
    return pooling.includePrompt();
  }

  /** {@return the weights of each module, in the order of modules, named as in their files} */
  public List<List<Parameter>> parameters() {
    return after.stream().map(VectorModule::parameters).toList();
  }

  /** {@return whether the vectors have length 1} */
  public boolean normalizes() {
    return !after.isEmpty() && isNormalize(after.get(after.size() - 1));
  }

  /** {@return the width of the vectors} */
  public int width() {
    return width;
  }

  /** Frees the weights of the modules. */
  @Override
  public void close() {
    after.forEach(VectorModule::close);
  }
}
