package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The exams of a version: files named after their SHA-256. */
final class Exams {

  private static final String FOLDER = "exams";

  private Exams() {}

  static Exam write(Path home, String json) throws IOException {
    if (!isReport(json)) {
      throw new RegistryException(
          "report: expected the JSON of an evaluation with results, found another text. Write it"
              + " with ReportWriter or 'adapt4j eval'.");
    }
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    Exam exam = exam(home, FileDigest.sha256(bytes));
    AtomicFiles.write(exam.file(), bytes);
    return exam;
  }

  private static boolean isReport(String json) {
    try {
      return Json.parseStrictly(json).path("candidates").path(0).path("tasks").has(0);
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  /** Returns the exams whose file has not changed. */
  static List<Exam> of(Path home) throws IOException {
    List<Exam> intact = new ArrayList<>();
    for (Exam exam : files(home)) {
      if (isIntact(exam)) {
        intact.add(exam);
      }
    }
    return intact;
  }

  static List<String> problems(Path home) throws IOException {
    List<String> problems = new ArrayList<>();
    for (Exam exam : files(home)) {
      if (!isIntact(exam)) {
        problems.add(exam.file() + " has changed: its name was its SHA-256");
      }
    }
    return problems;
  }

  private static List<Exam> files(Path home) throws IOException {
    return VersionStore.list(home.resolve(FOLDER)).stream()
        .map(file -> file.replace(".json", ""))
        .filter(Names::isSha256)
        .sorted()
        .map(digest -> exam(home, digest))
        .toList();
  }

  private static boolean isIntact(Exam exam) throws IOException {
    return FileDigest.sha256(exam.file()).equals(exam.digest());
  }

  private static Exam exam(Path home, String digest) {
    return new Exam(digest, home.resolve(FOLDER).resolve(digest + ".json"));
  }
}
