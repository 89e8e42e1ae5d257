package io.adapt4j.verification.fuzz;

import java.util.ArrayList;
import java.util.List;

/** All readers of outside bytes that are fuzzed. */
final class FuzzTargets {

  private FuzzTargets() {}

  /** {@return the targets; names are unique} */
  static List<FuzzTarget> all() {
    List<FuzzTarget> all = new ArrayList<>();
    all.addAll(ModelFileTargets.all());
    all.addAll(ModelFolderTargets.all());
    all.addAll(WeightTargets.all());
    all.addAll(TextTargets.all());
    all.addAll(DataTargets.all());
    all.addAll(DocumentTargets.all());
    all.addAll(PictureTargets.all());
    all.addAll(KeptFileTargets.all());
    all.addAll(NetworkTargets.all());
    all.addAll(RequestTargets.all());
    all.addAll(SpeechTargets.all());
    all.addAll(MediaTargets.all());
    all.addAll(SessionTargets.all());
    all.addAll(UpkeepTargets.all());
    all.addAll(StudioTargets.all());
    all.add(SchemaTarget.create());
    all.add(IndexTarget.create());
    return all;
  }

  /** Returns the target of this name. */
  static FuzzTarget named(String name) {
    return all().stream()
        .filter(target -> target.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException("no fuzz target '" + name + "'; there are " + all()));
  }
}
