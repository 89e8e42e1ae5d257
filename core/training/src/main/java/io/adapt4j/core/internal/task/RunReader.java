package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.Option;
import java.util.Set;

/** Reads descriptions of runs. */
public final class RunReader {

  private RunReader() {}

  /** Opens the data and reads the options. */
  public static Draft read(Value tree, Set<String> unread) {
    Problems problems = new Problems();
    Fields fields = Fields.of("", tree, problems);
    Draft draft = new Draft();
    for (Option<?> option : TaskDefinitions.OPTIONS) {
      if (unread.contains(option.name())) {
        fields.find(option.name());
      } else {
        option.read(fields, draft);
      }
    }
    fields.require("output", "Name the folder for checkpoints.");
    fields.finish();
    problems.finish();
    return draft;
  }
}
