package io.adapt4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A server whose tools take few words, for a model with a short context. */
final class SmallMcpServer {

  private static final Map<String, String> RESULTS =
      Map.of(
          "initialize",
          "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}}}",
          "tools/list",
          "{\"tools\":[{\"name\":\"go\",\"inputSchema\":{\"type\":\"object\"}}]}");

  private SmallMcpServer() {}

  public static void main(String[] arguments) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode message = Output.parsed(line);
      if (message.has("id")) {
        String result = RESULTS.getOrDefault(message.path("method").asText(), "{}");
        System.out.println(
            "{\"jsonrpc\":\"2.0\",\"id\":" + message.path("id") + ",\"result\":" + result + "}");
      }
    }
  }
}
