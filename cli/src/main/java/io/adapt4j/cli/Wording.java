package io.adapt4j.cli;

import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.finetune.FineTuner;
import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Translates Java terms in the library's messages to keys and options. The keys of a description
 * are named like the builder's methods, so {@code batchSize(4)} becomes {@code batchSize: 4};
 * exceptions are listed.
 */
final class Wording {

  /** Phrases to replace, whole ones first so that sentences stay intact. */
  private static final Map<String, String> PHRASES = new LinkedHashMap<>();

  static {
    say("say resume()", "give --resume");
    say("resume()", "--resume");
    say("promptName: expected", "--prompt-name: expected");
    say("overwriteOutput()", "--overwrite");
    say("say overwrite()", "give --overwrite");
    say(
        "give Lora.rank(...) or FullFineTuning.create()",
        "write 'method: {lora: {rank: 16}}' or 'method: full'");
    say(
        "give ModelSource.path(...) or ModelSource.hub(...)",
        "write 'model: FOLDER' or 'model: {hub: OWNER/NAME}'");
    say("give Datasets.jsonl(...), or a split of it", "write 'data: {path: FILE}'");
    say("reference(Reference.precomputed())", "'reference: precomputed'");
    say("reference(Reference.model(folder))", "'reference: {model: {path: FOLDER}}'");
    say("Reference.precomputed()", "'reference: precomputed'");
    say("Reference.model(folder)", "'reference: {model: {path: FOLDER}}'");
    say("take PreferenceLoss.apoZeroUnpaired(...)", "write 'divergence: false' under the task");
    say("Say replaceClassifier()", "Write 'replaceClassifier: true' under the task");
    say("state them with labels(...)", "state them with 'labels: [A, B]' under the task");
    say("say overflow(SPLIT)", "write 'overflow: split'");
    say("say useAnyChatTemplate(template)", "give --any-chat-template");
    say("load the adapter withAnyChatTemplate()", "give --any-chat-template");
    say("Optimizer.adamW8bit()", "'optimizer: adamw8bit'");
    say("Use Lora.continuing(folder)", "Write 'method: {lora: {continuing: FOLDER}}'");
    say("Regularization.ewc(...)", "'ewc: {on: DATA}'");
    say("the adapter given to of(...)", "the adapter");
    say(", or set appendEos(false)", "");
    say(", or read rows with a function", "");
    say("Give it: repeat(record, data).", "Repeat it from Java, which can give it.");
    say("train it with Task.reward()", "train it with 'task: reward'");
    say(
        "Give one with ChatTemplate.named, such as chatml, or ChatTemplate.of,",
        "Name one, such as chatml:");
    say(
        "Use generate, or set a template with useChatTemplate, such as"
            + " ChatTemplate.named(\"chatml\").",
        "Ask with --prompt, or give a template with --chat-template, such as chatml.");
    say("such as ChatTemplate.named(\"chatml\")", "such as chatml");
    say("ChatTemplate.named(\"chatml\")", "chatml");
    say(", or load the reward model with RewardModel.load(base, adapter)", "");
    say("load the reward model with RewardModel.load(base, adapter)", "merge the adapter first");
    say("or give RewardModel.load(...), its own network", "or name its folder, its own network");
    say("give it as preTokenizer(name)", "give it with --pre-tokenizer");
    say("give this function itself to a builder's reward(...)", "name it under rewards");
    say("leave it out by except()", "leave it out with --except");
    say(
        "Use followLinks() to read what symbolic links point to",
        "Name what it points to beside the folder");
    say("read them by readScans()", "read them with --read-scans MODEL");
    say("Raise that limit, such as by withTokens()", "Raise it with --scan-tokens");
    say("Raise the limit by ScanOptions, or divide", "Divide");
    say("Raise the limit by ScanOptions", "Read it on a faster machine");
    say("Raise the limit by limits(), or divide", "Divide");
    say("Raise the limit by limits(), or convert", "Convert");
    say("Raise the limit by limits() if the file can be trusted", "Unpack what is to be read");
    say(
        "or delete(...) these documents by their ids",
        "or delete the index's folder to begin again");
    say("open this one with openForReading()", "wait until it is done");
  }

  /** Java exceptions in messages, with their plain-language equivalents. */
  private static final Map<Pattern, String> EXCEPTIONS = new LinkedHashMap<>();

  static {
    exception("NoSuchFileException: ([^\n]*?)(?=\\. |$)", "there is no $1");
    exception("NotDirectoryException: ([^\n]*?)(?=\\. |$)", "$1 is no folder");
    exception("FileAlreadyExistsException: ([^\n]*?)(?=\\. |$)", "$1 is in the way");
    exception("DirectoryNotEmptyException: ([^\n]*?)(?=\\. |$)", "the folder $1 is not empty");
    exception("AccessDeniedException: ([^\n]*?)(?=\\. |$)", "this user may not read or write $1");
    exception("FileSystemException: [^\n]*?: (Is a|Not a) directory", "$1 directory");
    exception("MalformedInputException: Input length = \\d+", "it is not text in UTF-8");
    exception("\\w*Exception: ", "");
  }

  /** A setter call that a message would mention; code in user data is left alone. */
  private static final Pattern CALL =
      Pattern.compile(
          "(\\b[Ss]ay"
              + " )?(?<![\\w.])([a-z]\\w*)\\((|\\.\\.\\.|true|false|[A-Z][A-Z_0-9]*|[\\d.e-]+)\\)");

  /** Setters, with whether they can be called without a value. */
  private static final Map<String, Boolean> SETTERS = new LinkedHashMap<>();

  static {
    setters(FineTuner.Builder.class);
    setters(DatasetReader.class);
  }

  private Wording() {}

  private static void exception(String pattern, String said) {
    EXCEPTIONS.put(Pattern.compile("\\bjava\\.(?:\\w+\\.)+" + pattern), said);
  }

  private static void say(String java, String here) {
    PHRASES.put(java, here);
  }

  private static void setters(Class<?> builder) {
    for (Method method : builder.getMethods()) {
      Class<?> returned = method.getReturnType();
      // Setters of a superclass return the superclass.
      if (returned != Object.class && returned.isAssignableFrom(builder)) {
        SETTERS.merge(method.getName(), method.getParameterCount() == 0, Boolean::logicalOr);
      }
    }
  }

  static String of(String message) {
    String text = message;
    for (Map.Entry<String, String> phrase : PHRASES.entrySet()) {
      text = text.replace(phrase.getKey(), phrase.getValue());
    }
    for (Map.Entry<Pattern, String> exception : EXCEPTIONS.entrySet()) {
      text = exception.getKey().matcher(text).replaceAll(exception.getValue());
    }
    text = text.replace("Is a directory", "it is a folder");
    return CALL.matcher(text).replaceAll(Wording::key);
  }

  private static String key(MatchResult call) {
    String name = call.group(2);
    String value = call.group(3);
    if (name.equals("contextLength")) {
      return Matcher.quoteReplacement("--context " + value);
    }
    if (!SETTERS.containsKey(name)) {
      return Matcher.quoteReplacement(call.group());
    }
    String key =
        value.equals("...")
            ? name
            : !value.isEmpty()
                ? name + ": " + value.toLowerCase(Locale.ROOT)
                : SETTERS.get(name) ? name + ": true" : name;
    return Matcher.quoteReplacement((call.group(1) == null ? "" : "write ") + key);
  }
}
