package io.adapt4j.core.merge;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.merge.MergeInputs;
import io.adapt4j.core.internal.merge.MergeRules;
import io.adapt4j.core.internal.merge.ModelValues;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * A merge of models that share one architecture, written as a new checkpoint. Tensors are read,
 * merged in fp32 and written one after the other: memory is a few times that of the largest tensor
 * in fp32, whatever the number of models. Immutable.
 */
public final class ModelMerge {

  private final MergeMethod method;
  private final Optional<Path> base;
  private final List<Member> members;
  private final Precision precision;
  private final long seed;

  private record Member(
      Path folder, Optional<Adapter> adapter, double weight, OptionalDouble density) {}

  private ModelMerge(
      MergeMethod method,
      Optional<Path> base,
      List<Member> members,
      Precision precision,
      long seed) {
    this.method = method;
    this.base = base;
    this.members = List.copyOf(members);
    this.precision = precision;
    this.seed = seed;
  }

  /**
   * Creates a merge without models.
   *
   * @param method what is computed
   * @return the merge, in the stored types of the first model
   */
  public static ModelMerge of(MergeMethod method) {
    Texts.require("method", method);
    return new ModelMerge(method, Optional.empty(), List.of(), Precision.AUTO, 0);
  }

  /**
   * Sets the base, from which the models' differences are taken. Its configuration and tokenizer
   * become those of the result.
   *
   * @param folder a checkpoint
   * @return a changed copy
   */
  public ModelMerge base(Path folder) {
    Texts.require("folder", folder);
    return new ModelMerge(method, Optional.of(folder), members, precision, seed);
  }

  /**
   * Adds a model.
   *
   * @param folder a checkpoint of the base's architecture
   * @param weight its factor
   * @return a changed copy
   * @throws IllegalArgumentException if the weight is not finite
   */
  public ModelMerge and(Path folder, double weight) {
    return and(new Member(folder, Optional.empty(), weight, OptionalDouble.empty()));
  }

  /**
   * Adds a model with an adapter, which is merged into each tensor as it is read.
   *
   * @param folder the checkpoint that the adapter was trained on
   * @param adapter updates of tensors that the checkpoint has
   * @param weight factor of the model with the adapter
   * @return a changed copy
   * @throws IllegalArgumentException if the weight is not finite
   */
  public ModelMerge and(Path folder, Adapter adapter, double weight) {
    Texts.require("adapter", adapter);
    return and(new Member(folder, Optional.of(adapter), weight, OptionalDouble.empty()));
  }

  private ModelMerge and(Member member) {
    Texts.require("folder", member.folder());
    if (!Double.isFinite(member.weight())) {
      throw new IllegalArgumentException(
          "weight: expected a finite number, found " + member.weight());
    }
    List<Member> more = new ArrayList<>(members);
    more.add(member);
    return new ModelMerge(method, base, more, precision, seed);
  }

  /**
   * Sets the density of the model added last, instead of the method's.
   *
   * @param density above 0 and at most 1
   * @return a changed copy
   * @throws IllegalArgumentException if the density is out of range, or no model was added
   */
  public ModelMerge density(double density) {
    method.density(density);
    if (members.isEmpty()) {
      throw new IllegalArgumentException("density: expected after a model, found none");
    }
    List<Member> changed = new ArrayList<>(members);
    Member last = changed.remove(changed.size() - 1);
    changed.add(
        new Member(last.folder(), last.adapter(), last.weight(), OptionalDouble.of(density)));
    return new ModelMerge(method, base, changed, precision, seed);
  }

  /**
   * Sets the type in which the result is stored.
   *
   * @param type a type; AUTO for that of each tensor in the first model
   * @return a changed copy
   */
  public ModelMerge precision(Precision type) {
    Texts.require("type", type);
    return new ModelMerge(method, base, members, type, seed);
  }

  /**
   * Sets the seed of random pruning.
   *
   * @param value any number; 0 by default
   * @return a changed copy
   */
  public ModelMerge seed(long value) {
    return new ModelMerge(method, base, members, precision, value);
  }

  /**
   * Writes the merged model: a plain Hugging Face checkpoint with the configuration, tokenizer and
   * chat template of the base, or of the first model if there is no base. All files appear
   * together.
   *
   * @param output output folder; created if absent, none of the models' folders
   * @throws IllegalArgumentException if the method does not merge this number of models, needs a
   *     base, or output is one of the models
   * @throws CheckpointException if a model cannot be read, differs in tensors or shapes, or the
   *     result cannot be written
   */
  public void write(Path output) {
    requireComplete(output);
    List<ModelValues> opened = new ArrayList<>();
    try {
      base.ifPresent(folder -> opened.add(ModelValues.open(folder, Optional.empty())));
      members.forEach(member -> opened.add(ModelValues.open(member.folder(), member.adapter())));
      ModelValues first = opened.get(0);
      opened.forEach(model -> model.requireTensorsOf(first));
      List<TensorData> tensors =
          first.checkpoint().names().stream()
              .map(name -> first.checkpoint().entry(name))
              .sorted(
                  Comparator.comparing((TensorEntry entry) -> entry.file().toString())
                      .thenComparing(TensorEntry::offset))
              .map(entry -> tensor(entry, opened))
              .toList();
      Path folder = base.orElse(members.get(0).folder());
      ModelConfig config = ModelConfig.read(folder);
      CheckpointFolder.write(
          output, folder, stored().map(config::withDtype).orElse(config), tensors);
    } finally {
      opened.forEach(ModelValues::close);
    }
  }

  /** Returns the models' weights. */
  List<Double> weights() {
    return members.stream().map(Member::weight).toList();
  }

  /** Returns the merge with other weights of its models. */
  ModelMerge withWeights(List<Double> weights) {
    List<Member> changed = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      changed.add(new Member(member.folder(), member.adapter(), weights.get(i), member.density()));
    }
    return new ModelMerge(method, base, changed, precision, seed);
  }

  private void requireComplete(Path output) {
    if (base.isEmpty() && method.algorithm().needsBase(method.dialect())) {
      throw new IllegalArgumentException(
          "base: expected one for " + method.algorithm() + ", found none");
    }
    MergeRules.requireMembers(members.size(), method);
    List<Path> read = new ArrayList<>(members.stream().map(Member::folder).toList());
    base.ifPresent(read::add);
    for (Path folder : read) {
      if (folder.toAbsolutePath().normalize().equals(output.toAbsolutePath().normalize())) {
        throw new IllegalArgumentException(
            "output: expected another folder than the models', found " + output);
      }
    }
  }

  private Optional<StoredType> stored() {
    return switch (precision) {
      case FP32 -> Optional.of(StoredType.F32);
      case BF16 -> Optional.of(StoredType.BF16);
      case FP16 -> Optional.of(StoredType.F16);
      case AUTO -> Optional.empty();
    };
  }

  /** Returns a tensor that is merged when it is written; one without floats is the first one's. */
  private TensorData tensor(TensorEntry entry, List<ModelValues> opened) {
    Checkpoint first = opened.get(0).checkpoint();
    String name = entry.name();
    if (!ModelValues.isFloating(entry)) {
      return TensorData.of(name, entry.type(), entry.shape(), () -> first.bytes(name));
    }
    int from = base.isPresent() ? 1 : 0;
    return ModelValues.data(
        entry,
        stored().orElse(entry.type()),
        () -> {
          Optional<Supplier<float[]>> shared =
              base.map(folder -> opened.get(0).values(name)).map(values -> () -> values);
          List<MergeInputs.Member> inputs = new ArrayList<>();
          for (int i = 0; i < members.size(); i++) {
            ModelValues model = opened.get(from + i);
            Member member = members.get(i);
            inputs.add(
                new MergeInputs.Member(
                    () -> model.values(name),
                    member.weight(),
                    member.density().orElse(method.density())));
          }
          return MergeRules.merge(
              new MergeInputs(entry.shape(), shared, inputs, MergeInputs.Draws.seeded(seed, name)),
              method);
        });
  }
}
