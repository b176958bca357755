// Entry point. Each part of the page is a module; the modules call the functions through api.js.

import './article.js';
import './dataset.js';
import './failed.js';
import './results.js';
import './review.js';
import './samples.js';
import { classifiers, health } from './classifiers.js';
import { models } from './models.js';
import { runs } from './runs.js';

classifiers.refresh();
health.refresh();
models.refresh();
runs.refresh();
