package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.merge.MergeInputs;
import io.adapt4j.core.internal.merge.MergeRules;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.lora.internal.Factorization;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.Blend;
import io.adapt4j.lora.internal.layer.LoftQ;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A weighted sum of LoRA adapters of one base, written as a new adapter (PEFT's {@code
 * add_weighted_adapter}). Needs the adapters' folders only, not the base. A module that only some
 * of them adapt gets those updates.
 *
 * <p>Adapters with DoRA, biases or fully saved modules are rejected, as their sum is not a LoRA.
 * Immutable.
 */
public final class AdapterMix {

  private final List<LoraAdapter> adapters;
  private final List<Double> weights;
  private final long seed;

  private AdapterMix(List<LoraAdapter> adapters, List<Double> weights, long seed) {
    this.adapters = List.copyOf(adapters);
    this.weights = List.copyOf(weights);
    this.seed = seed;
  }

  /**
   * Creates a mix of one adapter.
   *
   * @param adapter an adapter
   * @param weight factor of its update; may be negative except where A and B are merged separately
   * @return the mix
   * @throws IllegalArgumentException if the weight is not finite
   */
  public static AdapterMix of(LoraAdapter adapter, double weight) {
    return new AdapterMix(List.of(), List.of(), 0).and(adapter, weight);
  }

  /**
   * Adds an adapter.
   *
   * @param adapter an adapter of the same base
   * @param weight factor of its update
   * @return a changed copy
   * @throws IllegalArgumentException if the weight is not finite
   */
  public AdapterMix and(LoraAdapter adapter, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("weight: expected a finite number, found " + weight);
    }
    List<LoraAdapter> all = new ArrayList<>(adapters);
    all.add(adapter);
    List<Double> more = new ArrayList<>(weights);
    more.add(weight);
    return new AdapterMix(all, more, seed);
  }

  /**
   * Sets the seed of methods that prune at random.
   *
   * @param value any number; 0 by default
   * @return a changed copy
   */
  public AdapterMix seed(long value) {
    return new AdapterMix(adapters, weights, value);
  }

  /**
   * Writes the mix as a PEFT folder with concatenated matrices, like PEFT's {@code cat}: exactly
   * the weighted sum of the updates, with the sum of the ranks. The folder's scale is 1, and its
   * targets are the paths of all adapted modules.
   *
   * @param output created if absent; files in it are replaced atomically
   * @throws IllegalArgumentException if the adapters cannot be added in this way, with the reason
   * @throws CheckpointException if a folder cannot be read or written
   */
  public void writeConcatenated(Path output) {
    write(output, Blend.CONCATENATED);
  }

  /**
   * Writes the mix as a PEFT folder with the A and the B matrices summed separately, each
   * multiplied by the square root of weight times scale, like PEFT's {@code linear}. Keeps the
   * rank, which must be the same in all. The result is not the sum of the updates: the product of
   * the two sums has cross terms between adapters. Suited to adapters trained from the same one.
   *
   * @param output created if absent; files in it are replaced atomically
   * @throws IllegalArgumentException if the adapters cannot be added in this way, with the reason
   * @throws CheckpointException if a folder cannot be read or written
   */
  public void writeLinear(Path output) {
    write(output, Blend.LINEAR);
  }

  /**
   * Writes the mix as a PEFT folder with the best approximation of the weighted sum of the updates
   * in a given rank, like PEFT's {@code svd}.
   *
   * @param output created if absent; files in it are replaced atomically
   * @param rank rank of the result, at least 1
   * @throws IllegalArgumentException if the rank is below 1, or the adapters cannot be added, with
   *     the reason
   * @throws CheckpointException if a folder cannot be read or written
   */
  public void writeSvd(Path output, int rank) {
    write(output, Blend.svd(rank));
  }

  /**
   * Writes the mix as a PEFT folder with the A and the B matrices merged separately by a method,
   * each multiplied by the square root of weight times scale, like PEFT's {@code ties}, {@code
   * dare_ties}, {@code dare_linear} and {@code magnitude_prune}. Keeps the rank, which must be the
   * same in all.
   *
   * @param output created if absent; files in it are replaced atomically
   * @param method a method of PEFT's dialect
   * @throws IllegalArgumentException if the method is not PEFT's, or the adapters cannot be merged
   *     in this way, with the reason
   * @throws CheckpointException if a folder cannot be read or written
   */
  public void write(Path output, MergeMethod method) {
    if (method.dialect() != MergeMethod.Dialect.PEFT) {
      throw new IllegalArgumentException(
          "method: expected one of PEFT's dialect, found "
              + method.dialect()
              + "; merge the updates (writeSvd) or the models (ModelMerge).");
    }
    write(output, new Blend.Merged(method));
  }

  /**
   * Writes the mix as a PEFT folder with the best approximation in a given rank of the updates
   * merged by a method, like PEFT's {@code ties_svd}. Takes the memory of whole updates, one module
   * at a time.
   *
   * @param output created if absent; files in it are replaced atomically
   * @param rank rank of the result, at least 1
   * @param method a method of differences; neither SLERP nor MODEL_STOCK, which need the base
   * @throws IllegalArgumentException if the rank is below 1, the method needs the base, or the
   *     adapters cannot be merged, with the reason
   * @throws CheckpointException if a folder cannot be read or written
   */
  public void writeSvd(Path output, int rank, MergeMethod method) {
    Blend.svd(rank);
    if (method.algorithm() == MergeMethod.Algorithm.SLERP
        || method.algorithm() == MergeMethod.Algorithm.MODEL_STOCK) {
      throw new IllegalArgumentException(
          "method: expected one of differences, found "
              + method.algorithm()
              + "; merge the models (ModelMerge).");
    }
    write(output, new Blend.MergedSvd(method, rank));
  }

  private void write(Path output, Blend how) {
    requireSupported(how);
    try (Scope scope = Scope.open()) {
      List<Map<String, StoredLoraMatrices>> stored =
          adapters.stream().map(LoraAdapter::factors).toList();
      Set<String> paths = new LinkedHashSet<>();
      stored.forEach(map -> paths.addAll(map.keySet()));
      requireSameLayout(paths);
      List<TensorData> tensors = new ArrayList<>();
      List<AdaptedPart> adapted = new ArrayList<>();
      AdapterConfig first = adapters.get(0).config();
      boolean transposed = first.source().path("fan_in_fan_out").asBoolean();
      int rank = rank(stored, how);
      for (String path : paths) {
        StoredLoraMatrices sum = padded(sum(path, stored, how), rank);
        long width = sum.b().size(0);
        tensors.add(tensor(PeftNames.a(path), sum.a()));
        tensors.add(tensor(PeftNames.b(path), sum.b()));
        adapted.add(
            new AdaptedPart(
                0,
                new Linear.Part(path, 0, width),
                path,
                sum.a().size(1),
                rank,
                1,
                transposed || ExpertParameters.isStacked(path),
                false,
                false));
      }
      LoraFolder.write(
          output,
          config(first, paths, rank),
          plan(first, adapted),
          adapters.get(0).base().orElse(""),
          tensors);
    }
  }

  /**
   * Requires the same storage layout of stacked experts, which changed in PEFT 0.19, as matrices
   * are combined as stored.
   */
  private void requireSameLayout(Set<String> paths) {
    long modern =
        adapters.stream().filter(adapter -> LoraFolder.isModern(adapter.config().source())).count();
    if (paths.stream().anyMatch(ExpertParameters::isStacked)
        && modern > 0
        && modern < adapters.size()) {
      throw new IllegalArgumentException(
          "The adapters change experts that lie in one tensor, and some were written by PEFT before"
              + " 0.19, others later, which have their matrices on other sides; write the older"
              + " ones again with Lora.continuing first.");
    }
  }

  private void requireSupported(Blend how) {
    for (int i = 0; i < adapters.size(); i++) {
      AdapterConfig config = adapters.get(i).config();
      String name = "'" + adapters.get(i).name() + "'";
      if (!config.layerStack().equals(adapters.get(0).config().layerStack())) {
        throw new IllegalArgumentException(
            "The adapter %s stacks the model's layers in another order than '%s' (%s), so their"
                    .formatted(name, adapters.get(0).name(), LayerRanges.FIELD)
                + " modules are not the same; blend adapters of one stack.");
      }
      if (config.initial().leavesResidual() || config.loftq().isUsed()) {
        throw new IllegalArgumentException(
            ("The adapter %s starts from the base's weights (%s), so its factors alone are not"
                    + " what it adds; convert it to plain LoRA with PEFT first, or merge it"
                    + " into the base.")
                .formatted(
                    name,
                    config.loftq().isUsed() ? LoftQ.INITIALIZATION : config.initial().peftName()));
      }
      if (config.dora()
          || config.biasOfB()
          || config.bias() != LoraBias.NONE
          || !config.modulesToSave().isEmpty()
          || !config.tokens().isEmpty()
          || config.storedNames().stream().anyMatch(PeftNames::isOfTable)) {
        throw new IllegalArgumentException(
            "The adapter "
                + name
                + " has DoRA, biases, modules to save or updates of the vocabulary's layers, so its"
                + " sum with others is no LoRA of projections; merge"
                + " it into the base instead.");
      }
      if ((how == Blend.LINEAR || how instanceof Blend.Merged) && weights.get(i) < 0) {
        throw new IllegalArgumentException(
            ("The adapter %s has the weight %s, of which a linear blend would take the root;"
                    + " use another blend.")
                .formatted(name, weights.get(i)));
      }
    }
  }

  private static int rank(List<Map<String, StoredLoraMatrices>> stored, Blend how) {
    List<Integer> ranks =
        stored.stream()
            .map(map -> map.values().stream().mapToInt(StoredLoraMatrices::rank).max().orElse(0))
            .toList();
    if (how instanceof Blend.Svd svd) {
      return svd.rank();
    }
    if (how instanceof Blend.MergedSvd svd) {
      return svd.rank();
    }
    if (how == Blend.CONCATENATED) {
      return ranks.stream().mapToInt(Integer::intValue).sum();
    }
    boolean same =
        stored.stream()
            .flatMap(map -> map.values().stream())
            .allMatch(storedLoraMatrices -> storedLoraMatrices.rank() == ranks.get(0));
    if (!same) {
      throw new IllegalArgumentException(
          "A linear blend needs one rank in all adapters and modules, found at most "
              + ranks
              + "; use another blend.");
    }
    return ranks.get(0);
  }

  private StoredLoraMatrices sum(
      String path, List<Map<String, StoredLoraMatrices>> stored, Blend how) {
    if (how instanceof Blend.Merged merged) {
      return new StoredLoraMatrices(
          merged(path, PeftNames.a(path), stored, merged.method()),
          merged(path, PeftNames.b(path), stored, merged.method()),
          1);
    }
    if (how instanceof Blend.MergedSvd merged) {
      Tensor update = merged(path, path, stored, merged.method());
      Factorization found = Factorization.principal(update, merged.rank(), 0);
      return new StoredLoraMatrices(found.right(), found.left(), 1);
    }
    List<Tensor> a = new ArrayList<>();
    List<Tensor> b = new ArrayList<>();
    for (int i = 0; i < stored.size(); i++) {
      StoredLoraMatrices storedLoraMatrices = stored.get(i).get(path);
      if (storedLoraMatrices != null) {
        double factor = weights.get(i) * storedLoraMatrices.scale();
        double share = Math.sqrt(Math.abs(factor));
        a.add(storedLoraMatrices.a().scaled(share));
        b.add(storedLoraMatrices.b().scaled(Math.copySign(share, factor)));
        requireSameShape(path, storedLoraMatrices, stored, i);
      }
    }
    if (how == Blend.LINEAR) {
      return new StoredLoraMatrices(total(a), total(b), 1);
    }
    Tensor allA = Tensor.concatenated(a, 0);
    Tensor allB = Tensor.concatenated(b, 1);
    if (how instanceof Blend.Svd svd) {
      Factorization found = Factorization.principalOfProduct(allB, allA, svd.rank());
      return new StoredLoraMatrices(found.right(), found.left(), 1);
    }
    return new StoredLoraMatrices(allA, allB, 1);
  }

  /**
   * Merges matrices of a module by a method.
   *
   * @param name the A or B matrices' name; any other for the updates
   */
  private Tensor merged(
      String path, String name, List<Map<String, StoredLoraMatrices>> stored, MergeMethod method) {
    List<MergeInputs.Member> members = new ArrayList<>();
    long[] sizes = {};
    for (int i = 0; i < stored.size(); i++) {
      StoredLoraMatrices found = stored.get(i).get(path);
      if (found == null) {
        continue;
      }
      requireSameShape(path, found, stored, i);
      boolean isA = name.equals(PeftNames.a(path));
      boolean whole = name.equals(path);
      Tensor values = whole ? found.b().times(found.a()) : isA ? found.a() : found.b();
      sizes = values.sizes();
      double factor = weights.get(i) * found.scale();
      members.add(
          new MergeInputs.Member(
              () -> values.toHost().toFloats(),
              whole ? factor : Math.sqrt(factor),
              method.density()));
    }
    MergeInputs inputs =
        new MergeInputs(
            LongStream.of(sizes).boxed().toList(),
            Optional.empty(),
            members,
            MergeInputs.Draws.seeded(seed, name));
    return Tensor.of(MergeRules.merge(inputs, method), sizes);
  }

  private void requireSameShape(
      String path,
      StoredLoraMatrices storedLoraMatrices,
      List<Map<String, StoredLoraMatrices>> stored,
      int index) {
    for (int i = 0; i < index; i++) {
      StoredLoraMatrices other = stored.get(i).get(path);
      if (other != null
          && (other.a().size(1) != storedLoraMatrices.a().size(1)
              || other.b().size(0) != storedLoraMatrices.b().size(0))) {
        throw new IllegalArgumentException(
            "The adapters '%s' and '%s' belong to different bases: %s has other sizes in them."
                .formatted(adapters.get(i).name(), adapters.get(index).name(), path));
      }
    }
  }

  private static Tensor total(List<Tensor> parts) {
    Tensor sum = parts.get(0);
    for (Tensor part : parts.subList(1, parts.size())) {
      sum = sum.plus(part);
    }
    return sum;
  }

  /** Zero-pads the rank. */
  private static StoredLoraMatrices padded(StoredLoraMatrices factors, int rank) {
    int missing = rank - factors.rank();
    if (missing == 0) {
      return factors;
    }
    Tensor rows = Tensor.zeros(DType.F32, missing, factors.a().size(1));
    Tensor columns = Tensor.zeros(DType.F32, factors.b().size(0), missing);
    return new StoredLoraMatrices(
        Tensor.concatenated(List.of(factors.a(), rows), 0),
        Tensor.concatenated(List.of(factors.b(), columns), 1),
        1);
  }

  private static TensorData tensor(String name, Tensor values) {
    return Weights.tensor(name, values, new Slice(name, 0, values.size(0)), StoredType.F32);
  }

  private static AdapterConfig config(AdapterConfig first, Set<String> paths, int rank) {
    return first.with(
        draft -> {
          draft.rank = rank;
          draft.alpha = rank;
          draft.rankStabilized = false;
          draft.rankPattern = Map.of();
          draft.alphaPattern = Map.of();
          draft.modules = Selection.of(PeftTargets.names(List.copyOf(paths)));
        });
  }

  private static AdapterPlan plan(AdapterConfig first, List<AdaptedPart> adapted) {
    return new AdapterPlan(
        Optional.ofNullable(first.source().path("task_type").textValue()),
        adapted,
        List.of(),
        List.of(),
        List.of(),
        false,
        Map.of(),
        Map.of(),
        List.of(),
        AdapterPlan.Mixture.NONE,
        Set.of(),
        List.of());
  }
}
