package io.adapt4j.verification.study;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Attribute of a village: its possible values, paraphrases that state it, and questions that ask
 * for it. Only the first question is used in exams. No paraphrase is a question, so training on
 * paraphrases does not reveal the exam.
 */
enum Relation {
  ANIMALS,
  HOUSES,
  FOOD,
  MAYOR,
  PLACE;

  private final String possible;
  private final String paraphrases;
  private final String questions;

  /** Reads the texts: a paragraph of values, one of paraphrases, one of questions. */
  Relation() {
    String[] paragraphs = text(name().toLowerCase(Locale.ROOT) + ".txt").split("\n\n", -1);
    this.possible = paragraphs[0];
    this.paraphrases = paragraphs[1];
    this.questions = paragraphs[2];
  }

  private static String text(String name) {
    try (InputStream file =
        Objects.requireNonNull(Relation.class.getResourceAsStream(name), name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> possible() {
    return List.of(possible.strip().split("\\s+"));
  }

  /** Returns the number of paraphrases. */
  int paraphrases() {
    return (int) paraphrases.lines().count();
  }

  String paraphrase(int number, Village village) {
    return filled(paraphrases, number, village);
  }

  /** Returns the exam's question. */
  String question(Village village) {
    return question(0, village);
  }

  int questions() {
    return (int) questions.lines().count();
  }

  String question(int number, Village village) {
    return filled(questions, number, village);
  }

  private String filled(String templates, int number, Village village) {
    return templates
        .lines()
        .skip(number)
        .findFirst()
        .orElseThrow()
        .replace("{name}", village.name())
        .replace("{value}", village.value(this));
  }
}
