package io.adapt4j.examples.spring;

import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** Starts a run and reports its progress. */
@RestController
class TrainingController {

  private final Training training;

  TrainingController(Training training) {
    this.training = training;
  }

  @PostMapping("/training")
  ResponseEntity<Training.Progress> start() {
    return training.start()
        ? ResponseEntity.accepted().body(training.progress())
        : ResponseEntity.status(HttpStatus.CONFLICT).body(training.progress());
  }

  @GetMapping("/training")
  Training.Progress progress() {
    return training.progress();
  }
}
