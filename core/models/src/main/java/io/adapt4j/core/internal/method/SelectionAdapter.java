package io.adapt4j.core.internal.method;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Adapter that replaces some parameters of a model by stored values. */
record SelectionAdapter(Path path) implements AdapterMechanics {

  @Override
  public String name() {
    return Adapter.at(path).name();
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(path);
  }

  @Override
  public Optional<String> chatTemplateDigest() {
    return Provenance.find(path).flatMap(Provenance::chatTemplate);
  }

  @Override
  public List<String> problems(Network declared) {
    Map<String, List<Long>> tensors = declared.tensors();
    List<String> problems = new ArrayList<>();
    try (Checkpoint file = ValueFolder.SELECTION.open(path)) {
      for (String name : new TreeSet<>(file.names())) {
        List<Long> found = file.entry(name).shape();
        if (!found.equals(tensors.get(name))) {
          problems.add(
              path
                  + ": tensor '"
                  + name
                  + "': expected "
                  + (tensors.containsKey(name) ? tensors.get(name) : "no such parameter")
                  + ", found "
                  + found
                  + ". Put the adapter on the base that it was trained on, with plain weights.");
        }
      }
    } catch (CheckpointException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return new TrainableSummary(names(), List.of(), false, 0);
  }

  private Set<String> names() {
    try (Checkpoint file = ValueFolder.SELECTION.open(path)) {
      return Set.copyOf(file.names());
    }
  }

  @Override
  public AttachedAdapter attach(Network network) {
    List<String> problems = problems(network);
    if (!problems.isEmpty()) {
      throw new CheckpointException(String.join("\n", problems));
    }
    return SelectedValues.of(network, names()).loaded(path);
  }
}
