package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.tools.mcp.McpException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Talks with a model, line by line. */
@Command(
    name = "chat",
    description =
        "Answers message after message, each with the conversation so far, until the input ends"
            + " (Ctrl-D) or /exit. /help lists what else can be said.",
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {

  private static final String HELP =
      """
      /system TEXT   begin anew, with these instructions before the first message
      /clear         begin anew, with the same instructions
      /adapter NAME  answer with this adapter alone; without a name, with none
      /image FILE    show a picture with the next message
      /save FILE     append the conversation to a file of training data (JSON Lines)
      /exit          end
      """;

  @Mixin private ModelArgument model;
  @Mixin private SamplingArguments sampling;
  @Mixin private ModelArgument.Draft draft;
  @Mixin private CalledTools tools;
  @Mixin private ChatPictures pictures;
  @Spec private CommandSpec command;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description =
          "An adapter to put on the model. May be given more than once; /adapter chooses among"
              + " them.")
  private final List<Path> adapters = new ArrayList<>();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Instructions before the first message.")
  private String system;

  @Mixin private Adapters.Template template;

  private final List<ChatMessage> messages = new ArrayList<>();

  ChatCommand() {}

  @Override
  public Integer call() throws IOException {
    GenerationOptions options = sampling.options();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, encoding()));
    Adapter[] loaded = template.adapters(adapters);
    Optional<ChatTemplate> chosen = template.resolve();
    Path folder = model.folder();
    pictures.read();
    Sequences.refuse(folder, "Use adapt4j generate MODEL --prompt TEXT.");
    try (CalledTools.Opened called = tools.open(in, this::say);
        ModelArgument.Loaded parts = ModelArgument.Loaded.load(folder, loaded);
        ModelArgument.Draft.Opened smaller = draft.open(parts.texts())) {
      LanguageModel opened = parts.texts();
      chosen.ifPresent(found -> template.use(opened, found));
      begin();
      pictures.showTo(called.areThere() ? Optional.empty() : parts.vision());
      prompt();
      String line = in.readLine();
      while (line != null && !line.strip().equals("/exit")) {
        if (line.startsWith("/")) {
          obey(opened, line.strip());
        } else if (!line.isBlank()) {
          answer(opened, called, options, line);
        }
        prompt();
        line = in.readLine();
      }
    }
    return ExitCode.OK;
  }

  private static Charset encoding() {
    return Charset.forName(
        System.getProperty("stdin.encoding", System.getProperty("native.encoding", "UTF-8")));
  }

  private PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** Prints to standard error, so that standard output has only the answers. */
  private void say(String text) {
    PrintWriter err = command.commandLine().getErr();
    err.print(text);
    err.flush();
  }

  private void prompt() {
    say("> ");
  }

  private void begin() {
    messages.clear();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    pictures.keepOnlyIn(messages);
  }

  private void answer(
      LanguageModel opened, CalledTools.Opened called, GenerationOptions options, String line) {
    List<ChatMessage> before = List.copyOf(messages);
    messages.add(pictures.message(line));
    try {
      List<ChatMessage> after =
          pictures.areRead()
              ? pictures.answer(messages, options, this::print)
              : called.answer(opened, messages, options, this::print);
      messages.clear();
      messages.addAll(after);
      out().println();
      out().flush();
    } catch (McpException e) {
      restore(before);
      say(e.getMessage() + "\n");
    } catch (PromptTooLongException e) {
      restore(before);
      say(
          "The conversation is longer than the model's context of %d tokens; /clear begins anew.%n"
              .formatted(e.limit()));
    }
  }

  private void restore(List<ChatMessage> before) {
    messages.clear();
    messages.addAll(before);
    pictures.keepOnlyIn(messages);
  }

  private void print(String piece) {
    out().print(piece);
    out().flush();
  }

  private void obey(LanguageModel opened, String line) {
    String[] words = line.split("\\s+", 2);
    String rest = words.length > 1 ? words[1] : "";
    try {
      switch (words[0]) {
        case "/system" -> {
          system = rest.isEmpty() ? null : rest;
          begin();
        }
        case "/clear" -> begin();
        case "/adapter" -> {
          opened.useAdapters(rest.isEmpty() ? new String[0] : rest.split("\\s+"));
          say("Adapters in use: " + opened.activeAdapters() + "\n");
        }
        case "/image" -> pictures.add("/image", rest);
        case "/save" -> save(rest);
        case "/help" -> say(HELP);
        default -> say("There is no " + words[0] + ". What can be said:\n" + HELP);
      }
    } catch (IllegalArgumentException | IOException e) {
      say(e.getMessage() + "\n");
    }
  }

  /** Appends a row atomically. */
  private static void append(Path file, String row) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long end = channel.size();
      ByteBuffer bytes = ByteBuffer.wrap(row.getBytes(StandardCharsets.UTF_8));
      try {
        while (bytes.hasRemaining()) {
          channel.write(bytes, end + bytes.position());
        }
        channel.force(true);
      } catch (IOException e) {
        channel.truncate(end);
        throw e;
      }
    } catch (IOException e) {
      throw new IOException("/save: " + file + " cannot be written: " + e.getMessage() + ".", e);
    }
  }

  /** Checks that a file holds rows, so that appending does not corrupt another kind of file. */
  private static void requireRows(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          "/save: expected a file, found the folder " + file + ". Name a file in it.");
    }
    if (!Files.exists(file)) {
      return;
    }
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      String first = lines.readLine();
      if (first != null && !first.stripLeading().startsWith("{")) {
        throw new IllegalArgumentException(
            "/save: expected a file of JSON Lines, found " + file + ". Name another.");
      }
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "/save: expected a file of JSON Lines, found " + file + ". Name another.", e);
    }
  }

  private void save(String file) throws IOException {
    if (file.isEmpty()) {
      throw new IllegalArgumentException("/save: expected a file, found none.");
    }
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    for (ChatMessage message : messages) {
      ObjectNode json = row.withArray("messages").addObject();
      json.put("role", message.role()).put("content", ChatPictures.marked(message.content()));
      message.fields().forEach((name, value) -> json.putIfAbsent(name, Output.tree(value)));
    }
    pictures.paths().forEach(row.withArray("images")::add);
    requireRows(Path.of(file));
    append(Path.of(file), row + "\n");
    say("Saved " + messages.size() + " messages to " + file + ".\n");
  }
}
