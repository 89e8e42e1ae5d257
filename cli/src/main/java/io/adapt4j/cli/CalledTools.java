package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChat;
import io.adapt4j.tools.ToolEvent;
import io.adapt4j.tools.ToolRun;
import io.adapt4j.tools.mcp.McpServers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Tools of MCP servers that the model of a conversation may call. */
final class CalledTools {

  /** Most answers with calls for one message. */
  private static final int MOST_ANSWERS = 10;

  private static final String REFUSED = "Error: the user does not allow this call";

  @Option(
      names = "--mcp",
      paramLabel = "FILE",
      description =
          "A file with servers of the Model Context Protocol, whose tools the model may call:"
              + " {\"mcpServers\": {NAME: {\"command\", \"args\", \"env\"} or {\"url\","
              + " \"headers\"}}}.")
  private @Nullable Path file;

  @Option(
      names = "--allow-calls",
      description = "With --mcp: call tools without asking. By default each call is asked for.")
  private boolean allowed;

  CalledTools() {}

  /** Connects to the servers, if there are any. */
  Opened open(BufferedReader in, Consumer<String> say) throws IOException {
    if (file == null && allowed) {
      throw new IllegalArgumentException(
          "--allow-calls: expected --mcp beside it, found none. Name the file of servers.");
    }
    return new Opened(file == null ? null : McpServers.open(file), allowed, in, say);
  }

  /** Connected servers, closed after the conversation. */
  static final class Opened implements AutoCloseable {

    private final @Nullable McpServers servers;
    private final boolean allowed;
    private final BufferedReader in;
    private final Consumer<String> say;

    Opened(@Nullable McpServers servers, boolean allowed, BufferedReader in, Consumer<String> say) {
      this.servers = servers;
      this.allowed = allowed;
      this.in = in;
      this.say = say;
    }

    /** Returns whether there are tools, which conversations with pictures cannot use. */
    boolean areThere() {
      return servers != null;
    }

    /** Answers a conversation, running what the model calls; returns it with the answer. */
    List<ChatMessage> answer(
        LanguageModel model,
        List<ChatMessage> messages,
        GenerationOptions options,
        Consumer<String> onText) {
      if (servers == null) {
        Generation generation = model.chat(messages, options, onText);
        List<ChatMessage> all = new ArrayList<>(messages);
        all.add(ChatMessage.assistant(generation.text()));
        return all;
      }
      List<Tool> tools = servers.tools().stream().map(this::asked).toList();
      ToolRun run =
          ToolChat.of(model)
              .tools(tools)
              .run(
                  messages,
                  options,
                  MOST_ANSWERS,
                  event -> {
                    if (event instanceof ToolEvent.Text text) {
                      onText.accept(text.text());
                    }
                  },
                  new CancellationToken());
      if (!run.isFinished()) {
        say.accept("The model still calls tools after " + MOST_ANSWERS + " answers.\n");
      }
      return run.messages();
    }

    /** Returns a tool whose calls are shown, and asked for unless all are allowed. */
    Tool asked(Tool tool) {
      return tool.with(
          arguments ->
              isAllowed(tool.name(), arguments)
                  ? Objects.requireNonNull(tool.function().orElseThrow().call(arguments))
                  : REFUSED);
    }

    private boolean isAllowed(String name, Map<String, Object> arguments) {
      say.accept("Call " + name + " " + Output.tree(arguments) + (allowed ? "\n" : "? [y/N] "));
      if (allowed) {
        return true;
      }
      try {
        String line = in.readLine();
        return line != null && line.strip().toLowerCase(Locale.ROOT).startsWith("y");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      if (servers != null) {
        servers.close();
      }
    }
  }
}
