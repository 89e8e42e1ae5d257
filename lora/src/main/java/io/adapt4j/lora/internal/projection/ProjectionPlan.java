package io.adapt4j.lora.internal.projection;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.LinearLayers;
import io.adapt4j.lora.internal.peft.ModelTask;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Application of a configuration to one model. Needs no weights. */
record ProjectionPlan(
    ProjectionConfig config,
    Optional<String> taskType,
    List<Site> sites,
    SavedModules saved,
    List<String> problems) {

  static ProjectionPlan of(ProjectionConfig config, Network network) {
    String name = config.kind().name();
    SavedModules saved = SavedModules.of(config.modulesToSave(), network);
    List<Site> sites = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Optional<String> taskType = ModelTask.type(network);
    ModelTask.otherTask(config.source(), taskType).ifPresent(problems::add);
    boolean anywhere = config.kind().adaptsAnywhere();
    boolean all = config.modules().targets().isAllLinear();
    LinearLayers linear = LinearLayers.of(network);
    Set<String> transposed = network.transposedTensors();
    List<LinearSlot> slots = network.allLinears();
    for (int i = 0; i < slots.size(); i++) {
      List<Linear.Part> parts = slots.get(i).parts();
      for (Linear.Part part : parts) {
        String path = part.path();
        if (!config.modules().matches(path)
            || (all && !anywhere && !linear.contain(path))
            || saved.holds(path)) {
          continue;
        }
        boolean turned = transposed.contains(path + ".weight");
        Site site =
            new Site(
                i,
                sites.size(),
                part,
                slots.get(i).linear().inFeatures(),
                parts.size() == 1,
                turned);
        sites.add(site);
        if (!anywhere && ExpertParameters.isStacked(path)) {
          problems.add(
              path
                  + " is one of the experts that lie in one tensor, which take LoRA only; leave it"
                  + " out of the targets.");
        } else if (turned && !config.kind().adaptsTransposed()) {
          problems.add(
              "%s is stored as [in, out], which PEFT gives no %s; use LoRA.".formatted(path, name));
        } else {
          config.kind().problem(config, site).ifPresent(problems::add);
        }
      }
    }
    problems.addAll(
        SavedModules.problems(config.modulesToSave(), network, Set.copyOf(saved.tensors())));
    for (String target : config.modules().targets().names()) {
      if (!anywhere
          && sites.stream().noneMatch(site -> PeftNames.names(site.path(), target))
          && config.modules().layers().isEmpty()
          && config.source().isEmpty()) {
        problems.add(
            "The %s target '%s' matches no projection; %s."
                .formatted(name, target, PeftNames.choices(network)));
      }
    }
    if (sites.isEmpty() && (anywhere || problems.isEmpty())) {
      problems.add(
          "The %s targets %s match no projection; %s."
              .formatted(name, config.modules(), PeftNames.choices(network)));
    }
    return new ProjectionPlan(config, taskType, List.copyOf(sites), saved, List.copyOf(problems));
  }

  /** Returns the content of {@code adapter_config.json}. */
  ObjectNode json(String base) {
    return config.json(taskType, saved.names(), sites.stream().anyMatch(Site::transposed), base);
  }

  ProjectionLayer layer(Linear base, List<Site> adapted, DType type) {
    return config
        .kind()
        .layer(config, base, adapted)
        .orElseGet(() -> new ProjectionLinear(base, config, adapted, type));
  }

  long trainableParameters() {
    return ownValues() + saved.shapes().values().stream().mapToLong(ProjectionPlan::count).sum();
  }

  private long ownValues() {
    return sites.stream().mapToLong(site -> count(config.kind().shape(config, site))).sum();
  }

  private static long count(List<Long> shape) {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Returns the trainable summary for memory estimates. */
  TrainableSummary trainableSummary(TrainableSummary.Adapters adapters) {
    return new TrainableSummary(
        Set.copyOf(saved.tensors()),
        List.of(),
        saved.untiesHead(),
        ownValues(),
        sites.stream()
            .map(
                site ->
                    new TrainableSummary.Rescaling(
                        site.slot(), config.kind().scalesInput(config, site)))
            .toList(),
        adapters);
  }

  /** Returns whether adapters of the two plans are interchangeable. */
  boolean sameAs(ProjectionPlan other) {
    return sites.equals(other.sites)
        && saved.tensors().equals(other.saved.tensors())
        && config.options().equals(other.config.options());
  }

  /** Compares a file's tensors with those of this plan; one entry per difference. */
  List<String> differences(Map<String, List<Long>> stored) {
    Map<String, List<Long>> needed = new LinkedHashMap<>();
    for (Site site : sites) {
      needed.put(
          PeftNames.update(site.path(), config.kind().tensor()), config.kind().shape(config, site));
      config
          .kind()
          .others(config, site)
          .forEach((end, shape) -> needed.put(PeftNames.update(site.path(), end), shape));
    }
    saved.shapes().forEach((name, shape) -> needed.put(PeftNames.base(name), shape));
    List<String> differences = new ArrayList<>();
    Map<String, List<Long>> unused = new TreeMap<>(stored);
    needed.forEach(
        (name, shape) -> {
          List<Long> found = unused.remove(name);
          if (found == null) {
            differences.add(name + " " + shape + " is missing");
          } else if (!found.equals(shape)) {
            differences.add(name + " is " + found + " where this model needs " + shape);
          }
        });
    unused.forEach((name, shape) -> differences.add(name + " " + shape + " has no place"));
    return differences;
  }
}
