package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.upkeep.feedback.FeedbackCheck;
import io.adapt4j.upkeep.feedback.FeedbackEntries;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRow;
import io.adapt4j.upkeep.feedback.FeedbackRows;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import io.adapt4j.upkeep.feedback.PersonalData;
import io.adapt4j.upkeep.feedback.PersonalSpan;
import io.adapt4j.upkeep.feedback.TokenClassifierFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes training rows of a feedback log, and removes entries from it. */
@Command(
    name = "feedback",
    description = "Makes training rows of a log of answers and feedback, and removes its entries.",
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND")
final class FeedbackCommand {

  private static final String PERSONAL_MODEL = "--personal-model";

  /** The log, and how the result is written. */
  static final class Place extends Output {

    @Option(
        names = "--log",
        paramLabel = "FOLDER",
        required = true,
        description = "Folder of the log, as 'adapt4j serve --feedback' writes it.")
    private Path folder;

    @Option(
        names = "--plain-customers",
        description = "The log was made with customers in plain, not as hashes.")
    private boolean plain;

    Place() {}

    FeedbackLog.Builder existing() {
      return FeedbackCommand.existing("--log", folder, plain);
    }

    int removed(String what, List<String> ids) {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      ids.forEach(json.putArray("removed")::add);
      return write("Removed %,d entries %s.".formatted(ids.size(), what), json);
    }
  }

  /** Returns options to open a log that must be there. */
  static FeedbackLog.Builder existing(String option, Path folder, boolean plain) {
    Destination.existing(option, "the folder of a feedback log", folder);
    if (!Files.exists(folder.resolve("feedback.jsonl"))) {
      throw new IllegalArgumentException(
          "%s: expected the folder of a feedback log, found %s, which has no feedback.jsonl."
                  .formatted(option, Destination.described(folder))
              + " Correct the path.");
    }
    FeedbackLog.Builder log = FeedbackLog.at(folder);
    return plain ? log.plainCustomers() : log;
  }

  /** Options of making and checking rows. */
  static final class Making {

    @Option(
        names = "--rules",
        paramLabel = "RULES.YAML",
        description = "The rules to use, and whether to mask personal data; default all, masked.")
    private @Nullable Path rules;

    @Option(
        names = "--exam",
        paramLabel = "ROWS",
        description = "An exam, whose rows are left out.")
    private @Nullable Path exam;

    @Option(
        names = "--customer-share",
        paramLabel = "P",
        defaultValue = "0.1",
        description =
            "Maximum share of the rows of one customer, above 10 rows, so that nobody can steer the"
                + " model alone; 1 for any. Default: ${DEFAULT-VALUE}.")
    private double share;

    @Option(
        names = PERSONAL_MODEL,
        paramLabel = "MODEL",
        description =
            "A token classifier, such as openai/privacy-filter, that finds more personal data than the"
                + " patterns, such as names.")
    private @Nullable String personalModel;

    Making() {}

    /** Reads the rules, and checks the path of an exam. */
    FeedbackRules rules() {
      if (exam != null) {
        Destination.rows("--exam", exam);
      }
      return rules == null ? FeedbackRules.all() : FeedbackRules.read(rules);
    }

    /** Makes rows, with what is personal masked. */
    FeedbackRows rows(FeedbackRules rules, FeedbackEntries entries) {
      if (personalModel == null) {
        return rules.rows(entries);
      }
      if (!rules.isMasking()) {
        throw new IllegalArgumentException(
            PERSONAL_MODEL
                + ": expected only with masking, found 'mask: false' in the file of --rules. Leave"
                + " out the option, or that line.");
      }
      return withPersonal(data -> rules.masking(data).rows(entries));
    }

    /** Calls with what finds personal data. */
    <T> T withPersonal(Function<PersonalData, T> use) {
      if (personalModel == null) {
        return use.apply(PersonalData.patterns());
      }
      Path folder = ModelArgument.folder(PERSONAL_MODEL, personalModel);
      try (TokenClassifierFinder model = TokenClassifierFinder.load(ModelSource.path(folder))) {
        return use.apply(PersonalData.patterns().and(model));
      }
    }

    FeedbackRows checked(FeedbackRows rows) {
      FeedbackCheck check = FeedbackCheck.of(rows).customerShare(share, 10);
      return exam == null ? check.run() : check.exam(Datasets.read(exam).open()).run();
    }
  }

  FeedbackCommand() {}

  @Command(
      name = "rows",
      description =
          "Writes answers.jsonl and preferences.jsonl, and says what was left out and why: rows"
              + " without consent, that repeat others, are in the exam, or above a customer's share.")
  int rows(
      @Mixin Place place,
      @Mixin Making making,
      @Option(
              names = "--output",
              paramLabel = "FOLDER",
              required = true,
              description = "Folder of the files.")
          Path target,
      @Option(names = "--overwrite", description = "Replace the files of an earlier call.")
          boolean overwrite) {
    FeedbackRules rules = making.rules();
    Destination.folder(
        "--output", target, overwrite, List.of("answers.jsonl", "preferences.jsonl"));
    FeedbackRows rows = making.rows(rules, place.existing().open().judged());
    FeedbackRows checked = making.checked(rows);
    List<Path> files = checked.write(target);
    ObjectNode json = json(checked);
    files.stream().map(Path::toString).forEach(json.putArray("files")::add);
    return place.write(
        checked.text() + files.stream().map("Wrote %s\n"::formatted).collect(Collectors.joining()),
        json);
  }

  @Command(
      name = "check",
      description =
          "Says which rows repeat others, are in the exam, are above a customer's share or have"
              + " personal data, and writes nothing; the exit code is 1 if there are any.")
  int check(@Mixin Place place, @Mixin Making making) {
    FeedbackRules rules = making.rules();
    FeedbackRows rows = rules.withoutMasking().rows(place.existing().open().judged());
    FeedbackRows checked = making.checked(rows);
    Map<String, Integer> personal = making.withPersonal(data -> personal(rows, data));
    StringBuilder text = new StringBuilder(checked.text());
    personal.forEach(
        (kind, count) -> text.append("  personal data in %,d: %s\n".formatted(count, kind)));
    ObjectNode json = json(checked);
    json.set("personal", counts(personal));
    place.write(text.toString(), json);
    return checked.size() == rows.size() && personal.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  @Command(
      name = "forget",
      description =
          "Removes a customer's answers, all feedback on them, and the feedback that the customer"
              + " gave. Models trained on them are unchanged.")
  int forget(
      @Mixin Place place,
      @Parameters(paramLabel = "CUSTOMER", description = "The key, such as a request's 'user'.")
          String customer) {
    return place.removed("of the customer", place.existing().open().forget(customer));
  }

  @Command(name = "expire", description = "Removes the entries that are older than some days.")
  int expire(
      @Mixin Place place,
      @Option(names = "--days", paramLabel = "N", required = true, description = "At least 1.")
          int days) {
    FeedbackLog.Builder log = place.existing();
    return place.removed("older than " + days + " days", kept(log, "--days", days).open().expire());
  }

  /** Sets a retention period in days. */
  static FeedbackLog.Builder kept(FeedbackLog.Builder log, String option, int days) {
    if (days < 1) {
      throw new IllegalArgumentException(
          option + ": expected at least 1, found " + days + ". Correct the option.");
    }
    return log.retention(Duration.ofDays(days));
  }

  private static Map<String, Integer> personal(FeedbackRows rows, PersonalData data) {
    Map<String, Integer> personal = new TreeMap<>();
    Stream.of(rows.answers(), rows.preferences())
        .flatMap(List::stream)
        .flatMap(row -> kinds(row, data).distinct())
        .forEach(kind -> personal.merge(kind, 1, Integer::sum));
    return personal;
  }

  private static Stream<String> kinds(FeedbackRow row, PersonalData data) {
    List<ChatMessage> messages = new ArrayList<>();
    if (row.example() instanceof Example.Chat chat) {
      messages.addAll(chat.messages());
    } else if (row.example() instanceof Example.ChatPreference pair) {
      messages.addAll(pair.prompt());
      messages.addAll(pair.chosen());
      messages.addAll(pair.rejected());
    }
    return messages.stream()
        .map(ChatMessage::content)
        .filter(String.class::isInstance)
        .flatMap(text -> data.find((String) text).stream())
        .map(PersonalSpan::kind);
  }

  private static ObjectNode json(FeedbackRows rows) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("answers", rows.answers().size()).put("preferences", rows.preferences().size());
    json.set("omitted", counts(rows.omitted()));
    return json;
  }

  private static ObjectNode counts(Map<String, Integer> counts) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    counts.forEach(json::put);
    return json;
  }
}
