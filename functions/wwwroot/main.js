// Where the page starts. Each part of it is a module of its own; the modules talk to the functions through api.js.

import './article.js';
import './dataset.js';
import './results.js';
import './review.js';
import './samples.js';
import { classifiers, health } from './classifiers.js';
import { models } from './models.js';
import { runs } from './runs.js';

classifiers.soon();
health.soon();
models.soon();
runs.soon();
