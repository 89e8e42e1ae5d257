package io.adapt4j.studio.internal.ask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.stats.McNemar;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Blind comparisons of two models of a service; every question and vote is a file. */
public final class Comparisons {

  private static final String KIND = "comparisons";
  private static final String FILE = "comparison.json";
  private static final String CHAT = "/v1/chat/completions";
  private static final String COMPLETIONS = "/v1/completions";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Workspace workspace;
  private final Services services;
  private final Sources sources;
  private final Inspections inspections;
  private final Background background;

  public Comparisons(
      Workspace workspace,
      Services services,
      Sources sources,
      Inspections inspections,
      Background background) {
    this.workspace = workspace;
    this.services = services;
    this.sources = sources;
    this.inspections = inspections;
    this.background = background;
  }

  /** A comparison. */
  public record Comparison(
      String id,
      String name,
      String service,
      List<String> models,
      List<String> prompts,
      int tokens,
      String source,
      Instant added) {}

  /**
   * A question with both answers.
   *
   * @param swapped whether the second model's answer is shown first, as A
   * @param vote A, B, T (equally good), S (skipped), or empty
   */
  public record Question(
      int number, String prompt, List<String> answers, boolean swapped, String vote) {

    /** Index of the model whose answer is shown as A or B. */
    public int model(String letter) {
      return Comparisons.model(swapped, letter);
    }
  }

  /** Votes for each model, ties and skipped questions. */
  public record Tally(long first, long second, long ties, long skipped) {

    /** The probability of votes as different as these if neither model is better (sign test). */
    public double pValue() {
      return new McNemar(0, first, second, ties).pValue();
    }

    /** Share of the first model's votes without ties, with its interval of 95 %. */
    public Optional<ConfidenceInterval> share() {
      return first + second == 0
          ? Optional.empty()
          : Optional.of(ConfidenceInterval.wilson(first, first + second));
    }

    public long all() {
      return first + second + ties + skipped;
    }
  }

  /** Returns all, the newest first. */
  public List<Comparison> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Comparison::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Comparison get(String id) throws IOException {
    return workspace.item(
        folder(id).resolve(FILE),
        json ->
            new Comparison(
                id,
                json.path("name").asText(),
                json.path("service").asText(),
                texts(json.path("models")),
                texts(json.path("prompts")),
                json.path("tokens").asInt(),
                json.path("source").asText(),
                Instant.parse(json.path("added").asText())));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return List.copyOf(texts);
  }

  private Path folder(String id) {
    return workspace.folder(KIND, id);
  }

  public Comparison add(Service service, List<String> models, List<String> prompts, int tokens)
      throws IOException {
    String name = String.join(" / ", models);
    Comparison comparison =
        new Comparison(
            Workspace.newId(name), name, service.id(), models, prompts, tokens, "", Instant.now());
    Disk.createFolders(folder(comparison.id()));
    return save(comparison);
  }

  private Comparison save(Comparison comparison) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("name", comparison.name());
    json.put("service", comparison.service()).put("tokens", comparison.tokens());
    json.put("source", comparison.source()).put("added", comparison.added().toString());
    comparison.models().forEach(json.putArray("models")::add);
    comparison.prompts().forEach(json.putArray("prompts")::add);
    AtomicFiles.writeJson(folder(comparison.id()).resolve(FILE), json);
    return comparison;
  }

  /** Adds a prompt after the others. */
  public synchronized void ask(Comparison comparison, String prompt) throws IOException {
    Comparison now = get(comparison.id());
    List<String> prompts = new ArrayList<>(now.prompts());
    prompts.add(prompt);
    save(with(now, prompts, now.source()));
  }

  private static Comparison with(Comparison now, List<String> prompts, String source) {
    return new Comparison(
        now.id(),
        now.name(),
        now.service(),
        now.models(),
        prompts,
        now.tokens(),
        source,
        now.added());
  }

  public void delete(Comparison comparison) throws IOException {
    Workspace.delete(folder(comparison.id()));
  }

  private Path file(Comparison comparison, int number) {
    return folder(comparison.id()).resolve("question-" + number + ".json");
  }

  /** Returns a question, if both models have answered it. */
  public Optional<Question> question(Comparison comparison, int number) throws IOException {
    JsonNode json = workspace.json(file(comparison, number));
    return json.isMissingNode()
        ? Optional.empty()
        : Optional.of(
            new Question(
                number,
                comparison.prompts().get(number),
                texts(json.path("answers")),
                json.path("swapped").asBoolean(),
                json.path("vote").asText()));
  }

  /** Begins to answer a question, unless it is answered, or that has failed. */
  public void prepare(Comparison comparison, int number) {
    if (number < comparison.prompts().size() && !Files.exists(file(comparison, number))) {
      background.begin(key(comparison, number), () -> answer(comparison, number));
    }
  }

  /** Why a question could not be answered; empty if it was, or is being answered. */
  public String problem(Comparison comparison, int number) {
    return background.problem(key(comparison, number));
  }

  public void again(Comparison comparison, int number) {
    background.forget(key(comparison, number));
  }

  private static String key(Comparison comparison, int number) {
    return comparison.id() + " " + number;
  }

  private void answer(Comparison comparison, int number) throws IOException {
    Service service = services.get(comparison.service());
    List<String> chats = services.models(service, CHAT);
    String[] answers = new String[2];
    boolean swapped = RANDOM.nextBoolean();
    // A comes first whichever model it is, so that nothing tells them apart.
    for (String letter : List.of("A", "B")) {
      int at = model(swapped, letter);
      String model = comparison.models().get(at);
      ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
      body.put("max_tokens", comparison.tokens()).put("temperature", 0);
      String prompt = comparison.prompts().get(number);
      boolean chat = chats.contains(model);
      if (chat) {
        body.putArray("messages").addObject().put("role", "user").put("content", prompt);
      } else {
        body.put("prompt", prompt);
      }
      String key = key(comparison, number) + " " + letter;
      answers[at] =
          services.stream(
                  service, chat ? CHAT : COMPLETIONS, body, text -> background.say(key, text))
              .path("text")
              .asText();
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("vote", "");
    json.putArray("answers").add(answers[0]).add(answers[1]);
    AtomicFiles.writeJson(file(comparison, number), json.put("swapped", swapped));
  }

  private static int model(boolean swapped, String letter) {
    return letter.equals("A") == swapped ? 1 : 0;
  }

  /** Returns the text so far of the answer that is shown as A or B. */
  public String said(Comparison comparison, int number, String letter) {
    return background.said(key(comparison, number) + " " + letter);
  }

  /**
   * Records a vote, which replaces an earlier one, and rewrites the preferences. Of two equal
   * answers neither is better.
   */
  public synchronized void vote(Comparison comparison, Question question, String vote)
      throws IOException {
    boolean same = question.answers().get(0).equals(question.answers().get(1));
    String kept = same && vote.matches("[AB]") ? "T" : vote;
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("vote", kept);
    question.answers().forEach(json.withArray("answers")::add);
    AtomicFiles.writeJson(
        file(comparison, question.number()), json.put("swapped", question.swapped()));
    writePreferences(get(comparison.id()));
  }

  private void writePreferences(Comparison comparison) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (Question question : voted(comparison)) {
      int chosen = question.model(question.vote());
      if (question.vote().matches("[AB]")) {
        ObjectNode row = JsonNodeFactory.instance.objectNode().put("prompt", question.prompt());
        row.put("chosen", question.answers().get(chosen));
        row.put("rejected", question.answers().get(1 - chosen));
        rows.append(Json.compact(row)).append('\n');
      }
    }
    boolean kept = sources.isThere(comparison.source());
    if (rows.isEmpty() && !kept) {
      return;
    }
    String id = kept ? comparison.source() : Workspace.newId("votes " + comparison.name());
    Path file = sources.folder(id).resolve("file").resolve("votes.jsonl");
    Disk.createFolders(file.getParent());
    AtomicFiles.writeText(file, rows.toString());
    if (kept) {
      inspections.forget(sources.get(id));
    } else {
      sources.add(id, comparison.name(), file);
      save(with(comparison, comparison.prompts(), id));
    }
  }

  /** Returns the questions that were voted on, in order. */
  public List<Question> voted(Comparison comparison) throws IOException {
    List<Question> voted = new ArrayList<>();
    for (int i = 0; i < comparison.prompts().size(); i++) {
      question(comparison, i).filter(each -> !each.vote().isEmpty()).ifPresent(voted::add);
    }
    return voted;
  }

  public Tally tally(Comparison comparison) throws IOException {
    long[] wins = new long[2];
    long ties = 0;
    long skipped = 0;
    for (Question question : voted(comparison)) {
      switch (question.vote()) {
        case "T" -> ties++;
        case "S" -> skipped++;
        default -> wins[question.model(question.vote())]++;
      }
    }
    return new Tally(wins[0], wins[1], ties, skipped);
  }
}
