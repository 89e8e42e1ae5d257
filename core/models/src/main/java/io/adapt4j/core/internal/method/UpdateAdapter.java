package io.adapt4j.core.internal.method;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Adapter that adds stored user-defined weight updates to a model. */
record UpdateAdapter(Adapter.Custom adapter) implements AdapterMechanics {

  @Override
  public String name() {
    return adapter.name();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(adapter.folder());
  }

  @Override
  public Optional<String> chatTemplateDigest() {
    return Provenance.find(adapter.folder()).flatMap(Provenance::chatTemplate);
  }

  @Override
  public List<String> problems(Network declared) {
    List<String> problems = new ArrayList<>();
    try (Checkpoint file = ValueFolder.UPDATE.open(adapter.folder())) {
      String own = new FineTuningMethod.CustomUpdate(adapter.update()).description();
      String stored = ValueFolder.UPDATE.method(adapter.folder());
      if (!own.equals(stored)) {
        problems.add(
            ("%s: expected parameters of %s, found those of %s. Give the update that the"
                    + " adapter was trained with.")
                .formatted(adapter.folder(), own, stored));
      }
      Map<String, List<Long>> expected =
          new TreeMap<>(UpdateModel.shapes(declared, adapter.update()));
      Map<String, List<Long>> found = new TreeMap<>();
      file.names().forEach(name -> found.put(name, file.entry(name).shape()));
      if (problems.isEmpty() && !expected.equals(found)) {
        problems.add(difference(expected, found));
      }
    } catch (CheckpointException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  private String difference(Map<String, List<Long>> expected, Map<String, List<Long>> found) {
    Map<String, List<Long>> all = new TreeMap<>(expected);
    all.putAll(found);
    String first =
        all.keySet().stream()
            .filter(name -> !expected.getOrDefault(name, List.of()).equals(found.get(name)))
            .findFirst()
            .orElseThrow();
    return adapter.folder()
        + ": tensor '"
        + first
        + "': expected "
        + expected.getOrDefault(first, List.of())
        + ", found "
        + found.getOrDefault(first, List.of())
        + ". Put the adapter on the base that it was trained on.";
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return Methods.of(new FineTuningMethod.CustomUpdate(adapter.update()))
        .trainableSummary(declared);
  }

  @Override
  public AttachedAdapter attach(Network network) {
    List<String> problems = problems(network);
    if (!problems.isEmpty()) {
      throw new CheckpointException(String.join("\n", problems));
    }
    return UpdateModel.attach(network, adapter.update()).loaded(adapter.folder());
  }
}
