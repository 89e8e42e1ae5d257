package io.adapt4j.studio.internal.exam;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.data.SourceRows;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.exam.Exam.Data;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Exams before their start: their questions taken from data, their tasks checked. */
public final class ExamDrafts {

  private static final int MOST_BYTES = 256 << 10;
  private static final int OLD_ROWS = 2000;

  private final Exams exams;
  private final Doctor doctor;
  private final Inspections inspections;
  private final Trainings trainings;

  /** Creates the maker of exams from data that was opened. */
  public ExamDrafts(Exams exams, Doctor doctor, Inspections inspections, Trainings trainings) {
    this.exams = exams;
    this.doctor = doctor;
    this.inspections = inspections;
    this.trainings = trainings;
  }

  /** Makes an exam of some data. */
  public Exam create(
      Source source,
      Optional<Source> general,
      int most,
      List<Candidate> candidates,
      Function<List<String>, Map<String, String>> meanings)
      throws IOException {
    String id = Workspace.newId(source.name());
    Path folder = exams.folder(id);
    Optional<Run> heldBack = trainings.holdingBack(doctor.file(source));
    boolean understood = isUnderstood(source);
    Dataset all =
        heldBack.isPresent() ? trainings.heldBack(heldBack.get()) : rows(source, understood);
    ExamRows rows = ExamRows.sample(all, most, understood || heldBack.isPresent());
    rows.write(folder.resolve(Exams.ROWS));
    StringBuilder yaml = new StringBuilder("tasks:\n");
    Map<String, String> columns =
        understood ? Map.of() : meanings.apply(inspection(source).columns());
    yaml.append(rows.task(name(source), Exams.ROWS, false, columns));
    int asked = rows.size();
    if (general.isPresent()) {
      Dataset old = rows(general.get(), true);
      // At least half stays to be trained on against forgetting.
      int some = Math.min(most, (old.size() + 1) / 2);
      ExamRows kept = ExamRows.sample(old, some, true);
      kept.write(folder.resolve(Exams.GENERAL));
      ExamRows.rest(old, some, OLD_ROWS).writeToTrain(folder.resolve(Exams.OLD));
      String name = name(general.get());
      yaml.append(
          kept.task(
              name.equals(name(source)) ? name + " (general)" : name,
              Exams.GENERAL,
              true,
              Map.of()));
      asked += kept.size();
    }
    Data data = new Data(source.id(), asked, heldBack.map(Run::id).orElse(""));
    Exam exam = new Exam(id, source.name(), Instant.now(), data, "", false, candidates, "");
    exams.save(exam, yaml.toString());
    return exam;
  }

  private static String name(Source source) {
    return source.name().replaceFirst("\\.[A-Za-z0-9]{1,8}$", "");
  }

  private Inspection inspection(Source source) throws IOException {
    return inspections.of(source).orElseThrow();
  }

  private boolean isUnderstood(Source source) throws IOException {
    return inspection(source).isReadable();
  }

  private Dataset rows(Source source, boolean understood) throws IOException {
    return understood ? doctor.rows(source) : SourceRows.openFields(source);
  }

  /** Returns what is wrong with tasks, a line each; reads their rows. */
  public List<String> problems(Exam exam, String yaml) throws IOException {
    if (yaml.length() > MOST_BYTES) {
      return List.of("expected at most 256 KiB of YAML, found more");
    }
    // In the folder, since paths are from there.
    Path file = exams.folder(exam.id()).resolve(Runs.newId("check") + ".yaml");
    List<String> problems = new ArrayList<>();
    try {
      AtomicFiles.writeText(file, yaml);
      Tasks.read(file);
    } catch (SettingsException e) {
      problems.addAll(e.problems());
    } catch (Adapt4jException | IllegalArgumentException | IllegalStateException e) {
      problems.add(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      // Texts with half of a character cannot be written as UTF-8.
      problems.add(String.valueOf(e.getMessage()));
    } finally {
      Files.deleteIfExists(file);
    }
    Pattern place = Pattern.compile(Pattern.quote(file.toString()) + "(:\\d+)?(:\\d+)?:? ?");
    return problems.stream()
        .map(
            problem ->
                place
                    .matcher(problem)
                    .replaceAll(at -> at.group(1) == null ? "" : at.group(1) + " "))
        .toList();
  }
}
