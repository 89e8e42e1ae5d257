package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.studio.internal.exam.Exam;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.exam.ExamDrafts;
import io.adapt4j.studio.internal.exam.Trainings;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.plan.FirstPlan;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.web.Fields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Form of an exam before its start: who is asked, and what. */
final class ExamForm {

  static final String MODEL = "model";
  static final String CANDIDATES = "candidates";
  static final String FOLDERS = "folders";
  static final String CHAT = "chat";
  static final String YAML = "yaml";

  private static final String WITH = "with:";
  private static final int OFFERED = 30;
  private static final int MOST = 12;

  private final LocalModels models;
  private final Trainings trainings;
  private final ExamDrafts drafts;

  ExamForm(LocalModels models, Trainings trainings, ExamDrafts drafts) {
    this.models = models;
    this.trainings = trainings;
    this.drafts = drafts;
  }

  /** An exam as it was entered, with problems by field. */
  record Entered(Exam exam, String folders, String yaml, Map<String, String> problems) {}

  Entered saved(Exam exam, String yaml) {
    String folders =
        exam.candidates().stream()
            .filter(each -> each.training().isEmpty())
            .map(Candidate::path)
            .collect(Collectors.joining("\n"));
    return new Entered(exam, folders, yaml, Map.of());
  }

  Entered read(Look look, Exam exam, Fields form) throws IOException {
    Map<String, String> problems = new LinkedHashMap<>();
    List<Candidate> candidates = new ArrayList<>();
    for (String field : form.values().keySet()) {
      if (field.startsWith(WITH)) {
        Optional<Run> training = trainings.runs().find(id(field));
        if (training.isPresent()) {
          trainings.made(training.get()).ifPresent(candidates::add);
        }
      }
    }
    for (String line : form.raw(FOLDERS).split("\n", -1)) {
      if (!line.isBlank()) {
        addFolder(look, line.strip(), candidates, problems);
      }
    }
    if (candidates.size() > MOST) {
      problems.put(CANDIDATES, look.message("exam_many", MOST));
      candidates.subList(MOST, candidates.size()).clear();
    }
    String model = form.text(MODEL);
    boolean chat = form.given(CHAT).isPresent();
    if (path(model) == null || models.all().stream().noneMatch(each -> isAt(each, model))) {
      problems.put(MODEL, look.message("exam_model_missing"));
    } else {
      addBases(look, model, candidates, problems);
      if (chat && !FirstPlan.chats(Path.of(model))) {
        problems.put(CHAT, look.message("exam_no_template"));
      }
    }
    String yaml = form.raw(YAML);
    List<String> wrong = drafts.problems(exam, yaml);
    if (!wrong.isEmpty()) {
      problems.put(
          YAML,
          wrong.stream()
              .map(each -> each.replaceFirst("^:(\\d+) ", look.message("exam_line") + "\u00a0$1: "))
              .collect(Collectors.joining("\n")));
    }
    return new Entered(exam.with(model, chat, candidates), form.raw(FOLDERS), yaml, problems);
  }

  private static boolean isAt(LocalModels.LocalModel model, String path) {
    return model.path().toString().equals(path);
  }

  private static @Nullable Path path(String text) {
    try {
      return text.isEmpty() ? null : Path.of(text).toAbsolutePath();
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private static void addFolder(
      Look look, String line, List<Candidate> candidates, Map<String, String> problems) {
    Path folder = path(line);
    if (folder == null || !Trainings.isModel(folder)) {
      String problem = look.message("exam_folder_wrong", Lengths.cut(line, 200));
      problems.merge(FOLDERS, problem, (first, second) -> first + "\n" + second);
      return;
    }
    Set<String> names = candidates.stream().map(Candidate::name).collect(Collectors.toSet());
    String last = String.valueOf(folder.getFileName());
    String name = last;
    for (int i = 2; names.contains(name); i++) {
      name = last + " #" + i;
    }
    candidates.add(new Candidate("", name, folder.toString(), ""));
  }

  /** An adapter belongs on the model that it was trained on. */
  private void addBases(
      Look look, String model, List<Candidate> candidates, Map<String, String> problems)
      throws IOException {
    for (Candidate each : candidates) {
      if (each.training().isEmpty()
          || !Files.exists(Path.of(each.path()).resolve("adapter_config.json"))) {
        continue;
      }
      JsonNode base = trainings.description(trainings.runs().get(each.training())).path(MODEL);
      if (base.isTextual() && !base.asText().equals(model)) {
        String problem = look.message("exam_other_base", each.name(), base.asText());
        problems.merge(CANDIDATES, problem, (first, second) -> first + "\n" + second);
      }
    }
  }

  private static String id(String field) {
    return field.substring(WITH.length()).replaceAll("[^a-z0-9-]", "");
  }

  /** Adds the form to a page. */
  void add(Map<String, Object> model, Look look, Entered entered) throws IOException {
    Exam exam = entered.exam();
    Map<String, String> names = new LinkedHashMap<>();
    models.all().forEach(each -> names.put(each.path().toString(), each.name()));
    Set<String> chosen =
        exam.candidates().stream()
            .map(Candidate::training)
            .filter(id -> !id.isEmpty())
            .collect(Collectors.toCollection(LinkedHashSet::new));
    List<Object> offered = new ArrayList<>();
    for (Run run : trainings.runs().all()) {
      if (offered.size() < OFFERED || chosen.contains(run.id())) {
        if (run.state() == State.DONE || chosen.contains(run.id())) {
          trainings.made(run).ifPresent(made -> offered.add(choice(look, run, made, chosen)));
        }
      }
    }
    model.put("bases", PlanScreen.options(exam.model(), List.copyOf(names.keySet()), names));
    model.put("offered", offered);
    model.put(FOLDERS, entered.folders());
    model.put(CHAT, exam.chat());
    model.put(YAML, entered.yaml());
    Map<String, Object> wrong = new LinkedHashMap<>();
    for (String field : List.of(MODEL, CANDIDATES, FOLDERS, CHAT, YAML)) {
      wrong.put(field, entered.problems().getOrDefault(field, ""));
    }
    model.put("wrong", wrong);
  }

  private static Map<String, Object> choice(
      Look look, Run run, Candidate made, Set<String> chosen) {
    return Map.of(
        "id", run.id(),
        "name", made.name(),
        "added", look.formats().time(run.added()),
        "chosen", chosen.contains(run.id()));
  }
}
