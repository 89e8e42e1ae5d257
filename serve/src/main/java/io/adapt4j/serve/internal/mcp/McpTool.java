package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.List;
import java.util.Locale;

/** Tools of the server: their schemas, and what each asks of an endpoint. */
enum McpTool {
  GENERATE(
      "Generates text with a language model of this server.",
      """
      {"prompt": {"type": "string", "description": "What to answer or continue."},
       "system": {"type": "string", "description": "Instructions before the conversation."},
       "messages": {"type": "array", "description": "The conversation before the prompt.",
         "items": {"type": "object", "required": ["role", "content"], "additionalProperties": false,
           "properties": {"role": {"type": "string", "enum": ["user", "assistant"]},
             "content": {"type": "string"}}}},
       "max_tokens": {"type": "integer", "minimum": 1},
       "temperature": {"type": "number", "minimum": 0, "maximum": 2},
       "seed": {"type": "integer", "description": "Makes the text repeatable."}}
      """,
      "prompt",
      """
      {"text": {"type": "string"}, "reasoning": {"type": "string"},
       "finish_reason": {"type": "string"}, "model": {"type": "string"},
       "usage": {"type": "object"}}
      """,
      "text") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      ObjectNode body = object();
      String prompt = arguments.text("prompt");
      if (path.equals(COMPLETIONS)) {
        arguments.refuse("system", value -> false);
        arguments.refuse("messages", JsonNode::isEmpty);
        body.put("prompt", prompt);
      } else {
        ArrayNode messages = body.putArray("messages");
        arguments
            .value("system")
            .ifPresent(system -> add(messages, "system", arguments.text("system")));
        arguments
            .value("messages")
            .ifPresent(
                before -> {
                  if (!before.isArray()) {
                    throw Fault.parameter("messages", "expected an array");
                  }
                  before.forEach(messages::add);
                });
        add(messages, "user", prompt);
      }
      copy(arguments, body, "max_tokens", "temperature", "seed");
      return body;
    }

    @Override
    ObjectNode result(JsonNode answer) {
      JsonNode choice = answer.path("choices").path(0);
      JsonNode message = choice.path("message");
      ObjectNode result = object();
      result.put("text", message.path("content").asText(choice.path("text").asText()));
      if (message.has("reasoning_content")) {
        result.set("reasoning", message.get("reasoning_content"));
      }
      result.set("finish_reason", choice.path("finish_reason"));
      result.set("model", answer.path("model"));
      result.set("usage", answer.path("usage"));
      return result;
    }
  },

  ASK(
      "Answers a question from documents, with citations of the passages that it rests on.",
      """
      {"question": {"type": "string"}}
      """,
      "question",
      """
      {"answer": {"type": "string"},
       "answerable": {"type": "boolean", "description": "Whether the documents have an answer."},
       "checked": {"type": "boolean", "description": "Whether all citations and quotes are right."},
       "citations": {"type": "array", "items": {"type": "object"}},
       "unknown_citations": {"type": "array", "items": {"type": "integer"}},
       "usage": {"type": "object"}}
      """,
      "answer") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      return object().put("question", arguments.text("question"));
    }
  },

  SEARCH(
      "Finds passages of documents for a question.",
      """
      {"question": {"type": "string"}}
      """,
      "question",
      """
      {"passages": {"type": "array", "items": {"type": "object"}}}
      """,
      "passages") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      return object().put("question", arguments.text("question"));
    }
  },

  EMBED(
      "Returns the vector of each text, for comparing meanings.",
      """
      {"texts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
       "dimensions": {"type": "integer", "minimum": 1}}
      """,
      "texts",
      """
      {"vectors": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
       "usage": {"type": "object"}}
      """,
      "vectors") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      ObjectNode body = object();
      body.set("input", arguments.required("texts"));
      copy(arguments, body, "dimensions");
      return body;
    }

    @Override
    ObjectNode result(JsonNode answer) {
      ObjectNode result = object();
      ArrayNode vectors = result.putArray("vectors");
      answer.path("data").forEach(entry -> vectors.add(entry.path("embedding")));
      result.set("usage", answer.path("usage"));
      return result;
    }
  },

  RERANK(
      "Orders documents by how well they answer a query, best first.",
      """
      {"query": {"type": "string"},
       "documents": {"type": "array", "items": {"type": "string"}, "minItems": 1},
       "top_n": {"type": "integer", "minimum": 1}}
      """,
      "query",
      """
      {"results": {"type": "array", "items": {"type": "object", "properties":
         {"index": {"type": "integer"}, "relevance_score": {"type": "number"}}}}}
      """,
      "results") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      ObjectNode body = object().put("query", arguments.text("query"));
      body.set("documents", arguments.required("documents"));
      copy(arguments, body, "top_n");
      return body;
    }
  },

  CLASSIFY(
      "Returns the class of each text, and the score of every class.",
      """
      {"texts": {"type": "array", "items": {"type": "string"}, "minItems": 1}}
      """,
      "texts",
      """
      {"results": {"type": "array", "items": {"type": "object", "properties":
         {"label": {"type": "string"},
          "scores": {"type": "object", "additionalProperties": {"type": "number"}}}}}}
      """,
      "results") {
    @Override
    ObjectNode body(String path, Parameters arguments) {
      ObjectNode body = object();
      body.set("input", arguments.required("texts"));
      return body;
    }

    @Override
    ObjectNode result(JsonNode answer) {
      ObjectNode result = object();
      ArrayNode results = result.putArray("results");
      for (JsonNode entry : answer.path("data")) {
        ObjectNode found = results.addObject();
        found.set("label", entry.path("label"));
        ObjectNode scores = found.putObject("scores");
        for (int i = 0; i < entry.path("labels").size(); i++) {
          scores.set(entry.path("labels").get(i).asText(), entry.path("probs").get(i));
        }
      }
      return result;
    }
  };

  static final String CHAT = "/v1/chat/completions";
  static final String COMPLETIONS = "/v1/completions";

  /** Inner path of the search for passages, which has no public address. */
  static final String SEARCH_PATH = "/search";

  private static final String MODEL = "model";
  private static final List<String> ENVELOPE =
      List.of("id", "object", "created", "system_fingerprint", "model");

  private final String description;
  private final String properties;
  private final String required;
  private final String results;
  private final String always;

  McpTool(String description, String properties, String required, String results, String always) {
    this.description = description;
    this.properties = properties;
    this.required = required;
    this.results = results;
    this.always = always;
  }

  /** The name by which clients call it. */
  String tool() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The endpoints that answer it, the best first. */
  List<String> paths() {
    return switch (this) {
      case GENERATE -> List.of(CHAT, COMPLETIONS);
      case ASK -> List.of("/v1/rag/ask");
      case SEARCH -> List.of(SEARCH_PATH);
      case EMBED -> List.of("/v1/embeddings");
      case RERANK -> List.of("/v1/rerank");
      case CLASSIFY -> List.of("/v1/classify");
    };
  }

  /** Describes the tool to clients; without a model's name in the arguments the first answers. */
  ObjectNode definition(List<String> models) {
    ObjectNode tool = object().put("name", tool()).put("description", description);
    ObjectNode input = schema(properties, required);
    if (this == RERANK) {
      input.withArray("required").add("documents");
    }
    ObjectNode model = ((ObjectNode) input.get("properties")).putObject(MODEL);
    model.put("type", "string").put("description", "Default: " + models.get(0));
    models.forEach(model.putArray("enum")::add);
    tool.set("inputSchema", input.put("additionalProperties", false));
    tool.set("outputSchema", schema(results, always));
    tool.putObject("annotations").put("readOnlyHint", true).put("openWorldHint", false);
    return tool;
  }

  private static ObjectNode schema(String properties, String required) {
    ObjectNode schema = object().put("type", "object");
    schema.set("properties", Json.written(properties));
    schema.putArray("required").add(required);
    return schema;
  }

  /** Returns the body of the request to an endpoint. */
  abstract ObjectNode body(String path, Parameters arguments);

  /** Returns the structured result of an endpoint's answer. */
  ObjectNode result(JsonNode answer) {
    return ((ObjectNode) answer).remove(ENVELOPE);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static void add(ArrayNode messages, String role, String content) {
    messages.addObject().put("role", role).put("content", content);
  }

  private static void copy(Parameters from, ObjectNode to, String... names) {
    for (String name : names) {
      from.value(name).ifPresent(value -> to.set(name, value));
    }
  }
}
