package io.adapt4j.lora;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.adapter.TableTarget;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.peft.ExpertNames;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.LinearLayers;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.ModelTask;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.StackSize;
import io.adapt4j.lora.internal.peft.VocabularyTables;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Application of a LoRA configuration to one model: the adapted projections with their shapes, and
 * the base tensors that train in addition. Needs no weights.
 *
 * @param adapted the adapted projections, in the order of the model
 * @param others paths of modules that are no projections
 */
record AdapterPlan(
    Optional<String> taskType,
    List<AdaptedPart> adapted,
    List<String> modulesToSave,
    List<String> saved,
    List<String> biases,
    boolean untiesHead,
    Map<String, List<Long>> shapes,
    Map<String, String> copies,
    List<TableTarget> tables,
    Mixture mixture,
    Set<String> others,
    List<String> problems) {

  /** Facts that decide how PEFT's configuration has to name experts. */
  record Mixture(String modelType, Set<String> routers, Set<String> partly) {
    static final Mixture NONE = new Mixture("", Set.of(), Set.of());
  }

  static AdapterPlan of(AdapterConfig config, Network network) {
    SavedModules modules = config.saved(network);
    Map<String, List<Long>> tensors = modules.known();
    List<String> saved = modules.tensors();
    List<AdaptedPart> adapted = adapted(config, network, modules);
    List<TableTarget> tables = TableTargets.of(config, network, modules);
    List<String> biases = biases(config.bias(), adapted, tensors.keySet(), saved);
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    Stream.concat(saved.stream(), biases.stream())
        .forEach(name -> shapes.put(name, tensors.get(name)));
    List<String> problems = new ArrayList<>(StackProblems.of(config, network));
    TableTargets.problem(config, network, tables).ifPresent(problems::add);
    problems.addAll(problems(config, network, tensors, adapted, tables, shapes.keySet()));
    return new AdapterPlan(
        ModelTask.type(network),
        adapted,
        modules.names(),
        saved,
        biases,
        modules.untiesHead() || TableTargets.untieHead(network, tables),
        shapes,
        modules.copies(),
        tables,
        mixture(config, network, adapted),
        otherModules(network, tensors.keySet()),
        List.copyOf(problems));
  }

  private static List<AdaptedPart> adapted(
      AdapterConfig config, Network network, SavedModules saved) {
    List<AdaptedPart> adapted = new ArrayList<>();
    Set<String> transposed = network.transposedTensors();
    List<LinearSlot> slots = network.adaptableLinears();
    LinearLayers all = LinearLayers.of(network);
    int differentiated = network.allLinears().size();
    boolean mixtral = network.modelConfig().modelType().equals("mixtral");
    Set<String> modules = config.storedModules();
    for (int i = 0; i < slots.size(); i++) {
      Linear linear = slots.get(i).linear();
      boolean turned = transposed.contains(linear.parts().get(0).path() + ".weight");
      for (ExpertNames.Candidate candidate :
          ExpertNames.of(linear.parts(), modules, mixtral, turned)) {
        String path = candidate.part().path();
        boolean stored =
            config.modules().namesParameter(candidate.names())
                && ExpertNames.isStored(path, modules);
        boolean among =
            i < differentiated ? all.contain(candidate.origin()) : modules.contains(path);
        if ((stored || config.modules().matches(candidate.names()))
            && (!config.modules().targets().isAllLinear() || among)
            && !saved.holds(candidate.origin())) {
          adapted.add(
              new AdaptedPart(
                  i,
                  candidate.part(),
                  candidate.origin(),
                  linear.inFeatures(),
                  config.rankOf(path),
                  config.scaleOf(path),
                  transposed.contains(candidate.origin() + ".weight"),
                  config.dora(),
                  config.biasOfB()));
        }
      }
    }
    return List.copyOf(adapted);
  }

  private static Mixture mixture(AdapterConfig config, Network network, List<AdaptedPart> adapted) {
    Set<String> mixtures = ExpertNames.mixtures(network);
    if (mixtures.isEmpty()) {
      return Mixture.NONE;
    }
    Set<String> paths = adapted.stream().map(AdaptedPart::origin).collect(Collectors.toSet());
    Set<String> partly =
        paths(network)
            .filter(path -> !paths.contains(path) && config.modules().allows(path))
            .map(ExpertNames::leaf)
            .collect(Collectors.toSet());
    return new Mixture(
        network.modelConfig().modelType(),
        adapted.stream()
            .filter(part -> ExpertNames.isRouter(part.origin(), mixtures))
            .map(part -> part.part().path())
            .collect(Collectors.toCollection(LinkedHashSet::new)),
        partly);
  }

  private static List<String> biases(
      LoraBias bias, List<AdaptedPart> adapted, Set<String> tensors, List<String> saved) {
    Stream<String> biases =
        switch (bias) {
          case NONE -> Stream.empty();
          case ALL ->
              tensors.stream()
                  .filter(name -> name.endsWith(".bias"))
                  .filter(name -> !ExpertParameters.isStacked(name.replaceFirst("\\.bias$", "")));
          case LORA_ONLY ->
              adapted.stream().map(part -> part.part().path() + ".bias").filter(tensors::contains);
        };
    return biases.filter(name -> !saved.contains(name)).toList();
  }

  private static List<String> problems(
      AdapterConfig config,
      Network network,
      Map<String, List<Long>> tensors,
      List<AdaptedPart> adapted,
      List<TableTarget> tables,
      Set<String> brought) {
    List<String> problems = new ArrayList<>();
    ModelTask.otherTask(config.source(), ModelTask.type(network)).ifPresent(problems::add);
    if (!config.modules().targets().isAllLinear()) {
      Set<String> vocabulary = VocabularyTables.of(network).keySet();
      for (String path : otherModules(network, tensors.keySet())) {
        if (config.modules().matches(path) && !vocabulary.contains(path)) {
          problems.add(
              config.storedNames().isEmpty()
                  ? ("The LoRA targets %s match %s, which is no projection of a layer; name it in"
                          + " modulesToSave to train it in full, or narrow the targets.")
                      .formatted(config.modules(), path)
                  : ("The adapter's targets %s match %s, which can have no LoRA in models of type"
                          + " %s here; merge the adapter into its base with PEFT.")
                      .formatted(config.modules(), path, network.modelConfig().modelType()));
        }
      }
    }
    problems.addAll(SavedModules.problems(config.modulesToSave(), network, brought));
    if (config.initial() == LoraInit.ORTHOGONAL) {
      adapted.stream()
          .filter(part -> part.rank() % 2 != 0)
          .findFirst()
          .ifPresent(
              part ->
                  problems.add(
                      "Orthogonal initial values need even ranks, but %s has rank %s."
                          .formatted(part.part().path(), part.rank())));
    }
    boolean stacked =
        adapted.stream().anyMatch(part -> ExpertParameters.isStacked(part.part().path()));
    boolean plain =
        config.dropout() == 0
            && !config.dora()
            && !config.biasOfB()
            && config.bias() != LoraBias.LORA_ONLY
            && config.initial() == LoraInit.KAIMING;
    if (stacked && !plain) {
      problems.add(
          "Experts whose weights lie in one tensor take plain LoRA only, as in PEFT: without"
              + " dropout, DoRA, biases and other initial values. Leave these out, or the"
              + " experts.");
    }
    if (config.biasOfB() && (config.dora() || config.initial() != LoraInit.KAIMING)) {
      problems.add(
          "A bias of B goes with plain LoRA and its default initial values only, as in PEFT; leave"
              + " out "
              + (config.dora() ? "DoRA" : config.initial().peftName())
              + ".");
    }
    if (config.initial().leavesResidual() && config.dora() && config.dropout() > 0) {
      problems.add(
          "DoRA with "
              + config.initial().peftName()
              + " initial values works without dropout only; leave one of the three out.");
    }
    if (config.initial().leavesResidual()) {
      adapted.stream()
          .filter(part -> part.rank() > Math.min(part.in(), part.part().width()))
          .findFirst()
          .ifPresent(
              part ->
                  problems.add(
                      ("%s has fewer inputs or outputs than its rank %s, so %s finds no"
                              + " initial values; lower the rank.")
                          .formatted(
                              part.part().path(), part.rank(), config.initial().peftName())));
    }
    if (adapted.isEmpty() && tables.isEmpty() && problems.isEmpty()) {
      problems.add(
          "The LoRA targets %s match no projection that is not trained in full already; %s."
              .formatted(config.modules(), PeftNames.choices(network)));
    }
    return List.copyOf(problems);
  }

  private static Set<String> otherModules(Network network, Set<String> tensors) {
    Set<String> linear = paths(network).collect(Collectors.toSet());
    return tensors.stream()
        .map(PeftNames::module)
        .filter(path -> !path.isEmpty())
        .filter(path -> !linear.contains(path))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Stream<String> paths(Network network) {
    return network.adaptableLinears().stream()
        .flatMap(slot -> slot.parts().stream())
        .map(Linear.Part::path);
  }

  /**
   * Returns the problem if the rank exceeds what any projection can use. PEFT accepts such ranks
   * and trains values without effect.
   */
  Optional<String> uselessRank() {
    if (adapted.isEmpty() || adapted.stream().anyMatch(part -> part.rank() <= part.fullRank())) {
      return Optional.empty();
    }
    return Optional.of(
        ("The %s is above the smaller dimension of every projection it adapts, which is at"
                + " most %s: an update can have no higher rank than that, so that the rest"
                + " would only cost time and memory. Lower the rank; 8 to 64 are usual.")
            .formatted(
                ranks(), adapted.stream().mapToLong(AdaptedPart::fullRank).max().orElseThrow()));
  }

  /** Returns a warning if the rank exceeds what some projections can use. */
  Optional<String> idleRank() {
    List<AdaptedPart> idle =
        adapted.stream().filter(part -> part.rank() > part.fullRank()).toList();
    if (idle.isEmpty()) {
      return Optional.empty();
    }
    AdaptedPart smallest =
        idle.stream().min(Comparator.comparingLong(AdaptedPart::fullRank)).orElseThrow();
    return Optional.of(
        ("The %s is above the smaller dimension of %s of the %s projections it adapts (%s has"
                + " %s inputs and %s outputs): their updates can have no higher rank than"
                + " that, so that the rest only costs time and memory. Lower the rank, or give"
                + " these a lower one with rankOf.")
            .formatted(
                ranks(),
                idle.size(),
                adapted.size(),
                smallest.part().path(),
                smallest.in(),
                smallest.part().width()));
  }

  private String ranks() {
    int least = adapted.stream().mapToInt(AdaptedPart::rank).min().orElseThrow();
    int most = adapted.stream().mapToInt(AdaptedPart::rank).max().orElseThrow();
    return least == most ? "rank " + most : "rank, " + least + " to " + most + " by module,";
  }

  /** Returns the problem if training would change projections that have no gradient. */
  static Optional<String> withoutGradient(AdapterPlan plan, Network network) {
    Set<String> choosing =
        network.choosingLinears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::path)
            .collect(Collectors.toSet());
    List<String> found = plan.paths().filter(choosing::contains).toList();
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            ("The LoRA targets match %s%s, which only chooses the tokens that attention reads and"
                    + " has no gradient, as in Transformers. Leave it out of the targets; merge"
                    + " an adapter that changes it into its base before training goes on.")
                .formatted(
                    found.get(0), found.size() == 1 ? "" : " and " + (found.size() - 1) + " more"));
  }

  /** Returns the paths of the adapted projections. */
  Stream<String> paths() {
    return adapted.stream().map(part -> part.part().path());
  }

  /** Returns the matrix sizes of stacked experts, by the names of the stacks in files. */
  Map<String, StackSize> stackSizes() {
    Map<String, StackSize> sizes = new LinkedHashMap<>();
    for (AdaptedPart part : adapted) {
      if (ExpertParameters.isStacked(part.part().path())) {
        sizes.put(
            ExpertParameters.parameter(part.part().path()),
            new StackSize(part.in(), part.part().width(), part.transposed()));
      }
    }
    return sizes;
  }

  long trainableParameters() {
    long count =
        adapted.stream().mapToLong(AdaptedPart::count).sum()
            + tables.stream().mapToLong(TableTarget::count).sum();
    for (List<Long> shape : shapes.values()) {
      count += shape.stream().reduce(1L, Math::multiplyExact);
    }
    return count;
  }

  /** Returns the trainable summary for memory estimates. */
  TrainableSummary trainableSummary(
      Network network, boolean dropout, TrainableSummary.Adapters adapters) {
    Map<Integer, List<AdaptedPart>> bySlot =
        adapted.stream()
            .collect(
                Collectors.groupingBy(AdaptedPart::slot, LinkedHashMap::new, Collectors.toList()));
    List<TrainableSummary.LoraMatrices> factors = new ArrayList<>();
    List<LinearSlot> slots = network.adaptableLinears();
    bySlot.forEach(
        (slot, own) ->
            factors.add(
                new TrainableSummary.LoraMatrices(
                    slot,
                    own.get(0).in(),
                    slots.get(slot).linear().outFeatures(),
                    own.stream()
                        .map(part -> new TrainableSummary.Part(part.part().width(), part.rank()))
                        .toList(),
                    dropout)));
    long magnitudes =
        adapted.stream().filter(AdaptedPart::dora).mapToLong(part -> part.part().width()).sum();
    List<TrainableSummary.Rescaling> rescalings =
        magnitudes == 0
            ? List.of()
            : bySlot.keySet().stream()
                .map(slot -> new TrainableSummary.Rescaling(slot, false))
                .toList();
    Set<String> trained = new LinkedHashSet<>(shapes.keySet());
    trained.addAll(TableTargets.tensors(tables));
    return new TrainableSummary(trained, factors, untiesHead, magnitudes, rescalings, adapters);
  }

  /** Returns PEFT's flag for base weights stored as [in, out]. */
  boolean fanInFanOut() {
    return adapted.stream()
        .anyMatch(part -> part.transposed() && !ExpertParameters.isStacked(part.part().path()));
  }

  /** Returns whether adapters of the two plans are interchangeable. */
  boolean sameAs(AdapterPlan other) {
    return adapted.equals(other.adapted)
        && saved.equals(other.saved)
        && tables.equals(other.tables)
        && biases.equals(other.biases);
  }
}
