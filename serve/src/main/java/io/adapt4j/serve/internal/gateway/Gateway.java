package io.adapt4j.serve.internal.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Body;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handles every request: authentication, routing, errors and logging. */
public final class Gateway implements HttpHandler {

  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  private static final String PAGE = "/";
  private static final String HEALTH = "/health";
  private static final String METRICS = "/metrics";
  private static final String VERSION = "/v1/";
  private static final String MODELS = "/v1/models";
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** Extra time for writing an answer beyond the request time. */
  private static final Duration WRITING = Duration.ofSeconds(10);

  private final Map<String, Endpoint> endpoints;
  private final Models models;
  private final Optional<AdapterEndpoint> adapters;
  private final Optional<Page> page;
  private final Guard guard;
  private final Load load;
  private final Limits limits;
  private final Consumer<Call> log;
  private final boolean keepsContents;
  private final Metrics metrics = new Metrics();
  private final Watch watch = new Watch();
  private final AtomicInteger running = new AtomicInteger();
  private volatile boolean closing;

  public Gateway(
      Map<String, Endpoint> endpoints,
      Models models,
      Optional<AdapterEndpoint> adapters,
      Optional<Page> page,
      Guard guard,
      Load load,
      Limits limits,
      Consumer<Call> log,
      boolean keepsContents) {
    this.endpoints = Map.copyOf(endpoints);
    this.models = models;
    this.adapters = adapters;
    this.page = page;
    this.guard = guard;
    this.load = load;
    this.limits = limits;
    this.log = log;
    this.keepsContents = keepsContents;
  }

  /** Number of requests in progress. */
  public int running() {
    return running.get();
  }

  /** Refuses further requests. */
  public void refuse() {
    closing = true;
  }

  /** Stops the watch over requests when none is in progress. */
  public void close() {
    watch.close();
  }

  /** Handles a request; an exception makes the JDK's server close the connection. */
  @Override
  public void handle(HttpExchange exchange) throws IOException {
    Call call = new Call(exchange, keepsContents);
    running.incrementAndGet();
    try (Watch.Watched watched = watch.watch(limits.requestTime().plus(WRITING))) {
      handle(call);
    } catch (IOException e) {
      call.left();
      throw e;
    } finally {
      over(call);
    }
  }

  private void over(Call call) {
    try {
      call.endTurn();
      metrics.count(route(call), call);
      log.accept(call);
    } finally {
      running.decrementAndGet();
      call.release();
    }
  }

  private void handle(Call call) throws IOException {
    try {
      answer(call);
    } catch (Fault fault) {
      refuse(call, fault);
    } catch (RuntimeException | Error e) {
      Fault fault = Fault.of(e, "input");
      if (fault.isInternal()) {
        LOG.error("A request to {} failed.", route(call), e);
      }
      refuse(call, fault);
    }
  }

  private void answer(Call call) throws IOException {
    Framing.require(call);
    guard.origins().allow(call);
    guard.requireLocalName(call);
    if (guard.origins().isPreflight(call)) {
      guard.origins().answerPreflight(call);
      call.send(204, "text/plain", "");
      return;
    }
    if (call.path().equals(HEALTH)) {
      call.requireMethod("GET");
      requireOpen();
      call.send(200, JsonNodeFactory.instance.objectNode().put("status", "ok"));
      return;
    }
    if (call.path().equals(PAGE) && page.isPresent()) {
      call.requireMethod("GET");
      page.get().send(call);
      return;
    }
    if (adapters.isPresent() && AdapterEndpoint.isFor(call.path())) {
      requireOpen();
      adapters.get().answer(call);
      return;
    }
    guard.requireKey(call);
    Endpoint endpoint = endpoints.get(call.path());
    Endpoint below = endpoints.get(tree(call.path()));
    if (endpoint != null) {
      call.requireMethod("POST");
      requireOpen();
      endpoint.answer(call, endpoint.read(call, limits));
    } else if (below != null) {
      requireOpen();
      boolean hasBody = call.method().equals("POST");
      JsonNode body = hasBody ? Body.read(call, limits) : JsonNodeFactory.instance.objectNode();
      below.answer(call, new Parameters(body));
    } else {
      look(call);
    }
  }

  /** Returns the name of the endpoint for what lies below a path, such as /v1/responses/. */
  private static String tree(String path) {
    int end = path.indexOf('/', VERSION.length());
    return path.startsWith(VERSION) && end > 0 ? path.substring(0, end + 1) : "";
  }

  private void look(Call call) throws IOException {
    String path = call.path();
    if (path.equals(METRICS)) {
      call.requireMethod("GET");
      call.send(200, METRICS_TYPE, metrics.text(running::get, load));
    } else if (path.equals(MODELS)) {
      call.requireMethod("GET");
      call.send(200, models.list());
    } else if (path.startsWith(MODELS + "/")) {
      call.requireMethod("GET");
      call.send(200, models.describe(path.substring(MODELS.length() + 1)));
    } else {
      throw Fault.unknownUrl(path);
    }
  }

  private void requireOpen() {
    if (closing) {
      throw Fault.closing();
    }
  }

  /** Answers with an error, or aborts the answer if the status has been sent. */
  private void refuse(Call call, Fault fault) throws IOException {
    if (!call.isCommitted()) {
      if (fault.isPassing()) {
        call.set("Retry-After", Long.toString(fault.retryAfterSeconds()));
      }
      if (closing) {
        call.set("Connection", "close");
      }
      call.send(fault.status(), fault.json());
      return;
    }
    String json = Json.compact(fault.json());
    call.write(call.isStream() ? "data: " + json + "\n\n" : json);
    throw new IOException("an answer that had begun failed: " + fault.getMessage());
  }

  /** Returns a path without parts chosen by clients. */
  private String route(Call call) {
    String path = call.path();
    if (endpoints.containsKey(path) || List.of(PAGE, HEALTH, METRICS).contains(path)) {
      return path;
    }
    if (endpoints.containsKey(tree(path))) {
      return tree(path);
    }
    if (adapters.isPresent() && AdapterEndpoint.isFor(path)) {
      return AdapterEndpoint.PATH;
    }
    return path.equals(MODELS) || path.startsWith(MODELS + "/") ? MODELS : "other";
  }
}
