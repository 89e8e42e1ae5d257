package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.forgetting.ForgettingTable;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.CausalLmTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** Notes of a plan and of a report. */
final class RunNotes {

  private RunNotes() {}

  static List<String> of(FineTuneSettings settings, Tokenizer tokenizer) {
    List<String> notes = new ArrayList<>(TemplateNotes.of(settings, tokenizer));
    notes.addAll(ofReport(settings));
    return notes;
  }

  /** Returns the notes of a report: what the method gained and forgot in measured runs. */
  static List<String> ofReport(FineTuneSettings settings) {
    if (!(settings.objective().task() instanceof CausalLmTask task)) {
      return List.of();
    }
    List<String> remedies = new ArrayList<>();
    settings.regularizations().stream().map(Regularization::name).forEach(remedies::add);
    if (settings.choices().replays()) {
      remedies.add("replay");
    }
    if (task.dynamic()) {
      remedies.add("dynamicFineTuning");
    }
    MethodMechanics method = settings.method();
    return List.of(
        ForgettingTable.shipped().text(method.measuredAs(), remedies, method.description()));
  }
}
