package io.adapt4j.verification.study;

import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Pre-training data of the base model, without any of the tested facts: villages told in all
 * paraphrases, questions on half of them, questions after documents on villages invented for a
 * single row, and stories.
 *
 * <p>The model thus learns to answer both from memory and from preceding documents, in the same
 * form.
 */
final class Pretraining {

  /**
   * Maximum number of questions after documents: many, since only answers can be learned from such
   * a row.
   */
  private static final int MOST_QUESTIONS = 6;

  private final StudySize size;
  private final Random random = new Random(7);
  private final List<Village> stored;

  /** Names in documents, with different facts each time. */
  private final List<String> throwaway;

  Pretraining(StudySize size) {
    this.size = size;
    this.stored = stored(size.storedVillages());
    List<String> names = Names.forPretraining();
    this.throwaway = names.subList(size.storedVillages(), names.size());
  }

  /** Returns the villages that the base model knows. */
  static List<Village> stored(int count) {
    Random values = new Random(3);
    return Names.forPretraining().stream()
        .limit(count)
        .map(name -> Village.invent(name, values))
        .toList();
  }

  /**
   * Returns whether the base model has seen questions on a stored village; it has seen statements
   * on all.
   */
  static boolean isAsked(int number) {
    return number % 2 == 0;
  }

  /** Returns all examples once; the trainer shuffles them. */
  List<Example> rows(List<String> stories) {
    List<Example> rows = new ArrayList<>();
    for (int round = 0; round < size.rounds(); round++) {
      for (int i = 0; i < stored.size(); i++) {
        for (Relation relation : Relation.values()) {
          rows.add(statement(stored.get(i), relation));
          if (isAsked(i)) {
            rows.add(question(stored.get(i), relation));
          }
        }
      }
    }
    for (int i = 0; i < size.openBookRows(); i++) {
      rows.add(openBook());
    }
    stories.forEach(story -> rows.add(new Example.Text(story)));
    return rows;
  }

  private Example statement(Village village, Relation relation) {
    return new Example.Text(relation.paraphrase(random.nextInt(relation.paraphrases()), village));
  }

  private Example question(Village village, Relation relation) {
    return new Example.Text(asked(village, relation));
  }

  private String asked(Village village, Relation relation) {
    return Texts.answered(
        relation.question(random.nextInt(relation.questions()), village), village.value(relation));
  }

  private Example openBook() {
    List<String> lines = new ArrayList<>();
    List<String> questions = new ArrayList<>();
    int documents = 1 + random.nextInt(3);
    int first = random.nextInt(throwaway.size());
    for (int i = 0; i < documents; i++) {
      Village village = Village.invent(throwaway.get((first + i * 37) % throwaway.size()), random);
      List<Relation> told = told();
      lines.add(Texts.document(village, told, random));
      told.forEach(relation -> questions.add(asked(village, relation)));
    }
    Collections.shuffle(questions, random);
    int asked = Math.min(2 + random.nextInt(MOST_QUESTIONS - 1), questions.size());
    lines.addAll(questions.subList(0, asked));
    return new Example.Text(String.join("\n", lines));
  }

  /** Returns two or more random relations, in random order. */
  private List<Relation> told() {
    List<Relation> relations = new ArrayList<>(Arrays.asList(Relation.values()));
    Collections.shuffle(relations, random);
    return relations.subList(0, 2 + random.nextInt(relations.size() - 1));
  }
}
